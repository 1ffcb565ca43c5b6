"""Checks what compose/ promises about the rest of the repository; run by check.sh.

* Every metric that a rule, an alert or the board names is declared by a service, and the declaration is registered.
* Every alert has a unit test, a summary, and a runbook: a section of a README that names it; and no README
  explains an alert that does not exist.
* compose.yaml is of the format that Compose describes, keeps the wall between the region's zone and the centre, and
  every file it mounts is here.

    python check.py compose_spec.json
"""

import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import jsonschema
import yaml

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parent
RUNTIME = TOP / "services" / "libraries" / "runtime"
SERVICES = ["connector", "processor", "sink-store", "dashboard"]

problems = []


def require(kept, what):
    if not kept:
        problems.append(what)


def read(path):
    return path.read_text(encoding="utf-8")


def declared_metrics():
    """Names of all metrics, as `metrics!` and `register` put them together."""
    declaration = re.compile(r'^\s*pub (?:\w+): ((?:By|Family)<[^=]*>|\w+) = "(\w+)",$', re.MULTILINE)
    registration = re.compile(r'((?:\w+::)*)Metrics::register\(&\w+, "(\w+)"\)')
    names = set()
    for service in SERVICES:
        for source in (TOP / "services" / service / "src").rglob("*.rs"):
            for module, prefix in registration.findall(read(source)):
                # `relay::Metrics` and the like are the runtime's, `Metrics` is the service's own.
                owner = RUNTIME if module else TOP / "services" / service
                place = owner / "src" / (module.removesuffix("::").replace("::", "/") or "metrics")
                files = [place.with_suffix(".rs"), *place.glob("*.rs")]
                text = "".join(read(file) for file in files if file.exists())
                for kind, suffix in declaration.findall(text):
                    name = f"vardstrom_{prefix}_{suffix}"
                    names |= {name} if "Histogram" not in kind else {f"{name}_bucket", f"{name}_sum", f"{name}_count"}
    # What every service counts alike is declared and registered by the runtime.
    for source in (RUNTIME / "src").glob("*.rs"):
        for prefix in re.findall(r'= Metrics::register\(&\w+, "(\w+)"\)', read(source)):
            names |= {f"vardstrom_{prefix}_{suffix}" for _, suffix in declaration.findall(read(source))}
    return names


def named_metrics(expression):
    """Our metrics and recorded series in an expression; label values and comments do not look like them."""
    return set(re.findall(r"(?:\w+:)*vardstrom_\w+(?::\w+)*", expression))


def sections(path):
    """Text under each heading of a README, by the anchor that a link to it has."""
    found, anchor = {}, ""
    for line in read(path).splitlines() if path.exists() else []:
        if line.startswith("#"):
            anchor = re.sub(r"[^\w\- ]", "", line.lstrip("#").strip().lower()).replace(" ", "-")
        found[anchor] = found.get(anchor, "") + line + "\n"
    return found


def check_rules(known):
    rules = [
        rule
        for file in ["recording.yml", "alerts.yml"]
        for group in yaml.safe_load(read(HERE / "prometheus" / file))["groups"]
        for rule in group["rules"]
    ]
    recorded = {rule["record"] for rule in rules if "record" in rule}
    for rule in rules:
        unknown = named_metrics(rule["expr"]) - known - recorded
        require(not unknown, f"{rule.get('record') or rule.get('alert')}: no service has {sorted(unknown)}")

    tests = yaml.safe_load(read(HERE / "prometheus" / "tests.yml"))["tests"]
    tested = [test for group in tests for test in group["alert_rule_test"]]
    fires = {test["alertname"] for test in tested if test["exp_alerts"]}
    rests = {test["alertname"] for test in tested if not test["exp_alerts"]}
    series = {item["series"] for group in tests for item in group["input_series"]}
    unknown = set().union(*(named_metrics(item) for item in series)) - known
    require(not unknown, f"tests.yml: no service has {sorted(unknown)}")
    for alert in (rule for rule in rules if "alert" in rule):
        name = alert["alert"]
        require(name in fires and name in rests, f"{name}: tests.yml must show it firing and resting")
        require(alert["annotations"].get("summary"), f"{name}: has no summary")
        require(alert["labels"].get("severity") in ("page", "ticket"), f"{name}: severity is page or ticket")
        path, _, anchor = alert["annotations"].get("runbook", "").partition("#")
        section = sections(TOP / path).get(anchor, "")
        require(name in section, f"{name}: its runbook '{path}#{anchor}' does not say what to do about it")
    alerts = {rule["alert"] for rule in rules if "alert" in rule}
    explained = re.compile(r"^(?:#+|\|) `?((?:Service(?!Request)|Http|Connector|Processor|Store|Dashboard)[A-Z]\w+)\b", re.MULTILINE)
    for readme in (TOP / "services").rglob("README.md"):
        for name in sorted(set(explained.findall(read(readme))) - alerts):
            require(False, f"{readme.relative_to(TOP)}: explains {name}, which is no alert")
    return recorded


def check_board(known):
    board = json.loads(read(HERE / "grafana" / "boards" / "vardstrom.json"))
    ids = [panel["id"] for panel in board["panels"]]
    require(len(ids) == len(set(ids)), "board: two panels have one id")
    expressions = 0
    for panel in board["panels"]:
        for target in panel.get("targets", []):
            expressions += 1
            unknown = named_metrics(target["expr"]) - known
            require(not unknown, f"board, panel '{panel['title']}': no service has {sorted(unknown)}")
        if panel.get("targets"):
            require(panel.get("description"), f"board, panel '{panel['title']}': has no description")
    require(expressions > 0, "board: has no expressions")


def check_compose(specification):
    compose = yaml.safe_load(read(HERE / "compose.yaml"))
    specification["properties"]["name"] = {"type": "string"}  # younger than the description that Debian has
    validator = jsonschema.Draft201909Validator(specification)
    for error in validator.iter_errors(compose):
        require(False, f"compose.yaml, {'/'.join(map(str, error.path))}: {error.message}")
    volumes, networks = set(compose["volumes"]), set(compose["networks"])
    with tempfile.TemporaryDirectory() as folder:
        script = shutil.copy(HERE / "make-env.sh", folder)
        subprocess.run(["sh", script], check=True, stdout=subprocess.DEVNULL)
        sample = set(re.findall(r"^(\w+)=", read(pathlib.Path(folder) / ".env"), re.MULTILINE))
    used = set(re.findall(r"\$\{(\w+):\?", read(HERE / "compose.yaml")))
    require(used == sample, f"compose.yaml asks for {sorted(used)}, make-env.sh makes {sorted(sample)}")
    taken = set(re.findall(r"^ARG (\w+)", read(HERE / "Dockerfile"), re.MULTILINE))
    given = {name for service in compose["services"].values() for name in service.get("build", {}).get("args", {})}
    require(taken and taken == given, f"the Dockerfile takes {sorted(taken)}, compose.yaml gives {sorted(given)}")
    for name, service in compose["services"].items():
        image = service["image"]
        require(":" in image and not image.endswith(":latest"), f"{name}: pin the version of {image}")
        require(set(service["networks"]) <= networks, f"{name}: unknown network")
        for dependency in service.get("depends_on", []):
            require(dependency in compose["services"], f"{name}: depends on {dependency}, which is not a service")
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            there = (HERE / source).exists() if source.startswith(".") else source in volumes
            require(there, f"{name}: mounts {source}, which does not exist")
        if image == "vardstrom:local":
            require(service["read_only"] and service["cap_drop"] == ["ALL"], f"{name}: runs with more rights than needed")
    walls = {"connector": "region", "processor": "region", "sink-store": "central", "sink-register": "central", "dashboard": "central", "postgres": "central"}
    for name, network in walls.items():
        require(compose["services"][name]["networks"] == [network], f"{name}: belongs to the network {network} alone")
    scraped = {target for job in yaml.safe_load(read(HERE / "prometheus" / "prometheus.yml"))["scrape_configs"]
               for group in job["static_configs"] for target in group["targets"]}
    for service in SERVICES:
        listen = re.search(r'^listen = "0\.0\.0\.0:(\d+)"', read(HERE / "config" / f"{service}.toml"), re.MULTILINE)
        require(listen and f"{service}:{listen[1]}" in scraped, f"prometheus.yml does not read {service} where it listens")


def main():
    known = declared_metrics()
    require(len(known) > 40, f"only {len(known)} metrics were found; has the way to declare them changed?")
    recorded = check_rules(known)
    check_board(known | recorded)
    check_compose(json.loads(read(pathlib.Path(sys.argv[1]))))
    for problem in problems:
        print(problem)
    print(f"compose: {len(known)} metrics known, {len(problems)} problems")
    sys.exit(1 if problems else 0)


main()
