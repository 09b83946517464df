// An authorization server that signs whatever it is told to: `oauth2-mock-server`, on a free port of the
// loopback interface. It has OpenID Connect discovery and no RFC 8414 document.
//
// Usage: node hostile.mjs
//
// Commands: {do: "token", algorithm, claims, header, without, forged} answers {token}. Claims and header
// are put over those of a good token, and `without` takes members of either away. The algorithms are those
// of the keys published here: RS256, PS256, ES256, EdDSA, and RS384. `forged` makes what an issuer does not:
//   exact      exactly this header and payload, well signed; RS256
//   none       alg none and no signature        stranger   a key that nobody published, under a known kid
//   hmac       HS256 with the public key        swapped    another token's signature
//   truncated  half a signature                 changed    another subject under the same signature
// {do: "requests"} counts what was asked, by path; {do: "down"} and {do: "up"}: hangs up on whoever asks.

import { createHmac, createPrivateKey, createPublicKey, generateKeyPairSync, sign } from "node:crypto";
import { load, service } from "./lines.mjs";

const { OAuth2Server } = await load("oauth2-mock-server");

const mock = new OAuth2Server();
const keys = {};
for (const algorithm of ["RS256", "PS256", "ES256", "EdDSA", "RS384"]) {
    keys[algorithm] = await mock.issuer.keys.generate(algorithm);
}

const encode = (value) => Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");
const decode = (part) => JSON.parse(Buffer.from(part, "base64url"));
const stranger = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
const signed = (header, payload, key) => {
    const text = `${encode(header)}.${encode(payload)}`;
    return `${text}.${sign("sha256", Buffer.from(text), key).toString("base64url")}`;
};

const forge = {
    exact: ({ header, payload }) =>
        signed({ alg: "RS256", ...header }, payload, createPrivateKey({ key: keys.RS256, format: "jwk" })),
    none: ({ header, payload }) => `${encode({ ...header, alg: "none" })}.${encode(payload)}.`,
    hmac: ({ header, payload }) => {
        const pem = createPublicKey({ key: keys.RS256, format: "jwk" }).export({ type: "spki", format: "pem" });
        const text = `${encode({ ...header, alg: "HS256" })}.${encode(payload)}`;
        return `${text}.${createHmac("sha256", pem).update(text).digest("base64url")}`;
    },
    stranger: ({ header, payload }) => signed(header, payload, stranger),
    swapped: async ({ token }) => {
        const other = (await mock.issuer.buildToken({ kid: keys.RS256.kid })).split(".")[2];
        return [...token.split(".").slice(0, 2), other].join(".");
    },
    truncated: ({ token }) => token.slice(0, -170),
    changed: ({ token }) => {
        const [header, payload, signature] = token.split(".");
        return [header, encode({ ...decode(payload), sub: "somebody-else" }), signature].join(".");
    },
};

async function token({ algorithm = "RS256", claims = {}, header = {}, without = [], forged }) {
    const parts = {};
    const token = await mock.issuer.buildToken({
        kid: keys[algorithm].kid,
        scopesOrTransform: (itsHeader, payload) => {
            Object.assign(payload, { sub: "mallory", client_id: "hostile" }, claims);
            Object.assign(parts, { header: { ...itsHeader, typ: "at+jwt", ...header }, payload });
            for (const name of without) {
                delete parts.header[name];
                delete payload[name];
            }
            // The mock's own signer refuses some headers; `exact` takes them all.
            if (!forged) Object.assign(itsHeader, parts.header);
        },
    });
    parts.header = { alg: algorithm, ...parts.header };
    return { token: forged ? await forge[forged]({ token, ...parts }) : token };
}

await service(
    mock.service.requestHandler,
    (issuer) => (mock.issuer.url = issuer),
    (issuer) => ({ issuer }),
    { token },
);
