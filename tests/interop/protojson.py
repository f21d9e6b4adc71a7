#!/usr/bin/env python3
"""protojson.py PACKAGE...: rows for `conform pbjson`, made with the real flyteidl and protobuf: every entity of the
packages, and literals with numbers, strings, times and structures of many kinds."""
import base64
import glob
import json
import os
import random
import re
import struct
import sys

# The C implementation sorts a key behind those that it begins; this one sorts map keys as Go and C++ do.
os.environ["PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION"] = "python"

import flyteidl_check as check
from flyteidl.admin import execution_pb2, launch_plan_pb2, node_execution_pb2, project_pb2, task_pb2, workflow_pb2
from flyteidl.core import literals_pb2, types_pb2
from google.protobuf import json_format


def row(message):
    return json.dumps({
        "type": message.DESCRIPTOR.full_name,
        "binary": base64.b64encode(message.SerializeToString(deterministic=True)).decode(),
        "json": json_format.MessageToDict(message),
        "snake": json_format.MessageToDict(message, preserving_proto_field_name=True),
    })


def entities(package):
    for name, data in check.members(package):
        kind = name.rsplit("_", 1)[-1]
        if not name.endswith(".pb") or kind[:-3] not in "123":
            continue
        message = check.KINDS[int(kind[:-3])][1]()
        message.ParseFromString(data)
        yield message


ADMIN = {
    r"/tasks/[^/]+/[^/]+/[^/]+/[^/]+$": task_pb2.Task,
    r"/workflows/[^/]+/[^/]+/[^/]+/[^/]+$": workflow_pb2.Workflow,
    r"/launch_plans/[^/]+/[^/]+/[^/]+/[^/]+$": launch_plan_pb2.LaunchPlan,
    r"/tasks/[^/]+/[^/]+(\?.*)?$": task_pb2.TaskList,
    r"/workflows/[^/]+/[^/]+(\?.*)?$": workflow_pb2.WorkflowList,
    r"/launch_plans/[^/]+/[^/]+(\?.*)?$": launch_plan_pb2.LaunchPlanList,
    r"/executions/[^/]+/[^/]+/[^/]+$": execution_pb2.Execution,
    r"/executions/[^/]+/[^/]+(\?.*)?$": execution_pb2.ExecutionList,
    r"/node_executions/[^/]+/[^/]+/[^/]+(\?.*)?$": node_execution_pb2.NodeExecutionList,
    r"/projects(\?.*)?$": project_pb2.Projects,
}


def replies(folder):
    """What flyteadmin answers: everything is printed, unset messages as null."""
    for name in sorted(glob.glob(folder + "/[0-9]*.json")):
        with open(name) as f:
            case = json.load(f)
        body = case["response"].get("body")
        if case["request"]["method"] != "GET" or case["response"]["status"] != 200 or not isinstance(body, dict):
            continue
        for path, kind in ADMIN.items():
            if re.match("/api/v1" + path, case["request"]["path"]):
                try:
                    message = json_format.ParseDict(body, kind())
                except json_format.ParseError as e:  # places that the recording left open
                    print("%s: %s" % (name, e), file=sys.stderr)
                    break
                yield json.dumps(dict(json.loads(row(message)), defaults=body))
                break


def a_double(rng):
    """Any bits, or few decimal digits with any exponent."""
    if rng.random() < 0.5:
        v = struct.unpack("<d", struct.pack("<Q", rng.getrandbits(64)))[0]
    else:
        v = float("%de%d" % (rng.randint(-10**rng.randint(1, 17), 10**17), rng.randint(-330, 290)))
    return v


def numbers(rng):
    m = literals_pb2.LiteralMap()
    for i in range(2000):
        m.literals["f%d" % i].scalar.primitive.float_value = a_double(rng)
    edges = [0.0, -0.0, 1e-6, 9.99e-7, 1e-7, 1e20, 1e21, 9.999999999999999e20, 2.0, 5e-324, 2.2250738585072014e-308,
             1.7976931348623157e308, float("inf"), float("-inf"), float("nan")]
    for i, v in enumerate(edges):
        m.literals["edge%d" % i].scalar.primitive.float_value = v
    for i in range(500):
        v = rng.getrandbits(rng.randint(1, 64))
        m.literals["i%d" % i].scalar.primitive.integer = v - (1 << 64) if v >= 1 << 63 else v
    for i in range(500):
        d = m.literals["t%d" % i].scalar.primitive.datetime
        d.seconds = rng.randint(-62135596800, 253402300799)
        d.nanos = rng.choice([0, 1, 1000, 1000000, 500000000, 999999999, rng.randint(0, 999999999)])
        d = m.literals["d%d" % i].scalar.primitive.duration
        sign = rng.choice([1, -1])
        d.seconds = sign * rng.choice([0, 1, rng.randint(0, 315576000000)])
        d.nanos = sign * rng.choice([0, 1, 1000, 1000000, rng.randint(0, 999999999)])
    return m


def texts(rng):
    m = literals_pb2.LiteralMap()
    alphabet = [chr(c) for c in range(1, 128)] + ["\u00e9", "\u2028", "\u4e2d", "\U0001f600", "\ufeff", "\u007f", "\u0085"]
    for i in range(300):
        key = "".join(rng.choice(alphabet) for _ in range(rng.randint(0, 12)))
        m.literals[key].scalar.primitive.string_value = "".join(rng.choice(alphabet) for _ in range(rng.randint(0, 40)))
        m.literals["b%d" % i].scalar.binary.value = rng.randbytes(rng.randint(0, 20))
        m.literals["b%d" % i].scalar.binary.tag = "msgpack"
    return m


def a_value(rng, depth):
    kinds = [None, True, False, 0, 1.5, -3, "", "x", [], {}]
    if depth == 0 or rng.random() < 0.5:
        return rng.choice(kinds)
    if rng.random() < 0.5:
        return [a_value(rng, depth - 1) for _ in range(rng.randint(0, 4))]
    return {"k%d" % rng.randint(0, 99): a_value(rng, depth - 1) for _ in range(rng.randint(0, 4))}


def structures(rng):
    m = literals_pb2.LiteralMap()
    for i in range(200):
        v = a_value(rng, 6)
        m.literals["g%d" % i].scalar.generic.update(v if isinstance(v, dict) else {"v": v})
    for i in range(50):
        lit = m.literals["n%d" % i]
        for _ in range(rng.randint(0, 20)):
            lit.hash = "h"
            lit.metadata["a"] = ""
            lit = rng.choice([lambda: lit.collection.literals.add(), lambda: lit.map.literals["k"],
                              lambda: lit.scalar.union.value])()
        lit.scalar.none_type.SetInParent()
    m.literals["empty"].SetInParent()
    m.literals["zero"].scalar.primitive.integer = 0
    m.literals["off"].offloaded_metadata.size_bytes = (1 << 64) - 1
    return m


def types(rng):
    t = types_pb2.LiteralType()
    for i in range(10):
        v = t.union_type.variants.add()
        v.simple = i
        v.structure.tag = "t%d" % i
        v.structure.dataclass_type["f"].blob.dimensionality = i % 2
        v.metadata.update({"$id": i})
        v.annotation.annotations.update({"a": [i]})
    t.union_type.variants.add().simple = 99
    t.union_type.variants.add().schema.columns.add().type = 3
    d = t.union_type.variants.add().structured_dataset_type
    d.external_schema_bytes = bytes(range(256))
    d.columns.add().literal_type.enum_type.values.extend(["a", ""])
    return t


def main():
    rng = random.Random(1)
    for package in sys.argv[1:]:
        for message in entities(package):
            print(row(message))
    for reply in replies(os.path.join(os.path.dirname(__file__), "../corpus/admin")):
        print(reply)
    for make in numbers, texts, structures, types:
        print(row(make(rng)))


main()
