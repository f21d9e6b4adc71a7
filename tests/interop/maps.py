#!/usr/bin/env python3
"""maps.py X.desc: protobuf-c's descriptors do not say which fields are maps, so lib/idl/wire.c goes by the name and
shape of the entry message.  Checks over a FileDescriptorSet that this is right for every field, and that every map has
string keys, which is all that wire.c knows."""
import sys

from google.protobuf import descriptor_pb2

F = descriptor_pb2.FieldDescriptorProto


def by_shape(field, full, messages):
    """wire_is_map()"""
    if field.label != F.LABEL_REPEATED or field.type != F.TYPE_MESSAGE:
        return False
    entry = messages[field.type_name]
    name = "".join(w[:1].upper() + w[1:] for w in field.name.split("_")) + "Entry"
    return (
        field.type_name == full + "." + name
        and [(f.name, f.number) for f in entry.field] == [("key", 1), ("value", 2)]
        and entry.field[0].type == F.TYPE_STRING
        and all(f.label == F.LABEL_OPTIONAL for f in entry.field)
    )


def collect(message, prefix, into):
    full = prefix + "." + message.name
    into[full] = message
    for nested in message.nested_type:
        collect(nested, full, into)


def main():
    files = descriptor_pb2.FileDescriptorSet()
    with open(sys.argv[1], "rb") as f:
        files.ParseFromString(f.read())
    messages = {}
    for f in files.file:
        for m in f.message_type:
            collect(m, "." + f.package, messages)
    maps = wrong = 0
    for full, m in messages.items():
        for field in m.field:
            real = field.type == F.TYPE_MESSAGE and messages[field.type_name].options.map_entry
            maps += real
            if real != by_shape(field, full, messages):
                print("%s.%s: a map: %s, taken for one: %s" % (full, field.name, bool(real), not real))
                wrong += 1
    print("%d maps, %d taken wrongly" % (maps, wrong))
    return 1 if wrong or not maps else 0


sys.exit(main())
