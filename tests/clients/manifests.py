"""Holds Kubernetes manifests against the API's own schemas: `manifests.py kubernetes DIR`, `manifests.py helm DIR`.

A chart is rendered first, by as much of Helm's language as our charts use. What is none of that is an error, so a
template cannot begin to use more without somebody looking here.
"""

import functools
import hashlib
import json
import pathlib
import re
import sys

import jsonschema
import yaml
from kubernetes_validate.utils import schema_contents
from referencing import Registry, Resource

VERSION = "1.34.0"
SCHEMAS = f"kubernetes-json-schema/v{VERSION}-local-strict"


@functools.cache
def definitions():
    """What all schemas refer to, read once: it is most of the work."""
    resource = Resource.from_contents(schema_contents(f"{SCHEMAS}/_definitions.json", VERSION))
    return (resource @ Registry()).crawl()


@functools.cache
def validator(kind, api_version):
    group = re.sub(r"^([^./]*)(?:\.[^/]*)?/", r"\1-", api_version)
    schema = schema_contents(f"{SCHEMAS}/{kind.lower()}-{group}.json", VERSION)
    registry = Resource.from_contents(schema) @ definitions()
    return jsonschema.validators.Draft202012Validator(schema, registry=registry)


def look_up(scope, path):
    value = scope
    for part in path.strip(".").split("."):
        value = value[part]
    return value


def indented(text, width):
    return "\n".join(" " * width + line if line else line for line in str(text).split("\n"))


def evaluate(scope, words):
    """`toYaml .Values.x | nindent 8` and the like."""
    first, *pipes = [part.split() for part in words.split("|")]
    if first[0] == "toYaml":
        value = yaml.safe_dump(look_up(scope, first[1]), default_flow_style=False).rstrip("\n")
    else:
        (path,) = first
        value = look_up(scope, path)
    for name, *arguments in pipes:
        if name == "quote":
            value = json.dumps(str(value))
        elif name == "indent":
            value = indented(value, int(arguments[0]))
        elif name == "nindent":
            value = "\n" + indented(value, int(arguments[0]))
        elif name == "sha256sum":
            value = hashlib.sha256(value.encode()).hexdigest()
        else:
            raise SystemExit(f"the renderer does not know {name}")
    return json.dumps(value) if isinstance(value, bool) else str(value)


def render(text, scope):
    pieces = re.split(r"(\s*\{\{-.*?\}\}|\{\{.*?\}\})", text)
    output, open_ = [], []
    for piece in pieces:
        stripped = piece.strip()
        if not stripped.startswith("{{"):
            if all(open_):
                output.append(piece)
            continue
        words = stripped.removeprefix("{{").removesuffix("}}").strip("- ").strip()
        if words.startswith("if "):
            negated = words.startswith("if not ")
            value = bool(look_up(scope, words.removeprefix("if not ").removeprefix("if ")))
            open_.append(value != negated)
        elif words == "end":
            open_.pop()
        elif all(open_):
            output.append(evaluate(scope, words))
    assert not open_, "an `if` has no `end`"
    return "".join(output)


def documents(kind, folder):
    folder = pathlib.Path(folder)
    if kind == "kubernetes":
        for path in sorted(folder.glob("*.yaml")):
            if path.name != "kustomization.yaml":
                yield from yaml.safe_load_all(path.read_text())
        listed = set(yaml.safe_load((folder / "kustomization.yaml").read_text())["resources"])
        there = {path.name for path in folder.glob("*.yaml")} - {"kustomization.yaml"}
        assert listed == there, f"the kustomization lists {listed}, and there are {there}"
        return
    values = yaml.safe_load((folder / "values.yaml").read_text())
    chart = yaml.safe_load((folder / "Chart.yaml").read_text())
    for on in (True, False):
        values["autoscaling"]["enabled"] = values["networkPolicy"]["enabled"] = on
        scope = {
            "Values": values,
            "Release": {"Name": "tried"},
            "Chart": {"AppVersion": chart["appVersion"]},
        }
        for path in sorted((folder / "templates").glob("*.yaml")):
            yield from yaml.safe_load_all(render(path.read_text(), scope))


kinds = []
for document in documents(*sys.argv[1:]):
    validator(document["kind"], document["apiVersion"]).validate(document)
    kinds.append(document["kind"])
    if document["kind"] == "Deployment":
        pod = document["spec"]["template"]["spec"]
        (container,) = pod["containers"]
        security = container["securityContext"]
        assert pod["securityContext"]["runAsNonRoot"] and security["readOnlyRootFilesystem"]
        assert security["capabilities"]["drop"] == ["ALL"] and not security["allowPrivilegeEscalation"]
        for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
            assert container[probe]["httpGet"]["path"] in ("/readyz", "/livez")
print(" ".join(sorted(kinds)))
