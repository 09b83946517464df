// An authorization server that nobody here wrote: `oidc-provider`, certified for OpenID Connect, on a free
// port of the loopback interface.
//
// Usage: node oidc.mjs [SECONDS]     how long access tokens live; 600 when not said
//
// It issues tokens for any resource that is asked for: signed ones (RS256, `at+jwt`), and opaque ones to
// clients whose name begins with `opaque`. Programs use client_credentials: the clients below. People use
// the authorization code with PKCE and register themselves or come as `desktop`; whoever comes is `ann` and
// consents to everything. A client named TENANT/SCOPE gets tokens with that `org_id`.
//
// Commands: {do: "rotate"} signs with a new key and keeps the old one published; {do: "replace"} forgets
// the old one; {do: "requests"} counts what was asked, by path; {do: "down"} and {do: "up"}: hangs up on
// whoever asks.

import { createPrivateKey, generateKeyPairSync, randomUUID } from "node:crypto";
import { load, service } from "./lines.mjs";

const { Provider } = await load("oidc-provider");

const SECRET = "the-secret-of-every-program-here";
const SCOPES = ["read", "write", "admin"];
const SECONDS = Number(process.argv[2] ?? 600);

function signingKey() {
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const jwk = createPrivateKey(privateKey.export({ type: "pkcs8", format: "pem" })).export({ format: "jwk" });
    return { ...jwk, kid: randomUUID(), alg: "RS256", use: "sig" };
}

// A program with the scopes that it may ask for.
const program = (name, scopes) => ({
    client_id: name,
    client_secret: SECRET,
    grant_types: ["client_credentials"],
    redirect_uris: [],
    response_types: [],
    scope: scopes.join(" "),
});
const names = [
    ...["reader", "writer", "admin", "opaque", "opaque-other", "stranger"],
    ...["acme/a", "acme/b", "globex/a", "nobody/a"],
];
const clients = [
    ...names.map((name) => program(name, SCOPES)),
    // The server under test, when it asks about tokens.
    { ...program("resource-server", []), scope: undefined },
    {
        client_id: "desktop",
        application_type: "native",
        token_endpoint_auth_method: "none",
        grant_types: ["authorization_code"],
        redirect_uris: ["http://127.0.0.1/callback", "http://localhost/callback"],
        scope: SCOPES.join(" "),
    },
];

const resourceServer = (_, resource, client) => ({
    scope: SCOPES.join(" "),
    audience: resource,
    accessTokenTTL: SECONDS,
    accessTokenFormat: client.clientId.startsWith("opaque") ? "opaque" : "jwt",
    jwt: { sign: { alg: "RS256" } },
});

const provider = (issuer, keys) =>
    new Provider(issuer, {
        clients,
        jwks: { keys },
        cookies: { keys: ["a key for cookies of nobody"] },
        scopes: SCOPES,
        // Whoever registers may ask for every scope later, whatever was said at the registration.
        extraClientMetadata: {
            properties: ["policy"],
            validator: (_, __, ___, metadata) => void (metadata.scope = SCOPES.join(" ")),
        },
        findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
        interactions: { url: (_, interaction) => `/consent/${interaction.uid}` },
        extraTokenClaims: (_, token) => {
            const [tenant, rest] = (token.clientId ?? "").split("/");
            return rest && { org_id: tenant };
        },
        features: {
            devInteractions: { enabled: false },
            clientCredentials: { enabled: true },
            introspection: { enabled: true, allowedPolicy: (_, client) => client.clientId === "resource-server" },
            registration: { enabled: true },
            revocation: { enabled: true },
            resourceIndicators: {
                enabled: true,
                defaultResource: (_, __, oneOf) => oneOf,
                getResourceServerInfo: resourceServer,
                useGrantedResource: () => true,
            },
        },
    });

// Nobody looks at a page: whoever asks is `ann`, and ann consents to all of it.
async function consent(provider, request, response) {
    const { params, prompt, session, grantId } = await provider.interactionDetails(request, response);
    if (prompt.name === "login") {
        return provider.interactionFinished(request, response, { login: { accountId: "ann" } });
    }
    const grant = grantId
        ? await provider.Grant.find(grantId)
        : new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
    const { missingOIDCScope, missingResourceScopes } = prompt.details;
    if (missingOIDCScope) grant.addOIDCScope(missingOIDCScope.join(" "));
    for (const [resource, scopes] of Object.entries(missingResourceScopes ?? {})) {
        grant.addResourceScope(resource, scopes.join(" "));
    }
    return provider.interactionFinished(request, response, { consent: { grantId: await grant.save() } });
}

let issuer;
let keys;
let current;
// What was issued is kept by the adapter in this process, so a provider with other keys knows it all.
const useKeys = (fresh) => {
    keys = fresh;
    current = provider(issuer, keys);
    return { kid: keys[0].kid };
};
const handle = (request, response) => {
    if (!request.url.startsWith("/consent/")) return current.callback()(request, response);
    return consent(current, request, response).catch((error) => {
        response.statusCode = 500;
        response.end(String(error));
    });
};
const named = (url) => {
    issuer = url;
    useKeys([signingKey()]);
};
await service(handle, named, (issuer) => ({ issuer, secret: SECRET }), {
    rotate: () => useKeys([signingKey(), keys[0]]),
    replace: () => useKeys([signingKey()]),
});
