"""What of a topic is neither committed nor aborted: the records between its last stable offset and its end.

Called with a broker's address and the topic's full name. Prints "partition stable end" for each partition whose last stable
offset lies below its end. Speaks Kafka's ListOffsets (version 2, key 2) itself, once for each isolation level: a client's
start would take longer than the broker leaves a transaction open.
"""

import socket
import struct
import sys

UNCOMMITTED, COMMITTED = 0, 1
LATEST = -1
# More than any installation has; the broker says of the others that they are not there.
PARTITIONS_MAX = 64


def text(value):
    return struct.pack(">h", len(value)) + value.encode()


def receive(connection, count):
    data = b""
    while len(data) < count:
        more = connection.recv(count - len(data))
        if not more:
            sys.exit("the broker closed the connection")
        data += more
    return data


def ends(connection, topic, isolation):
    """The end of each partition, as a reader of that isolation level sees it."""
    asked = b"".join(struct.pack(">iq", number, LATEST) for number in range(PARTITIONS_MAX))
    body = struct.pack(">ibi", -1, isolation, 1) + text(topic) + struct.pack(">i", PARTITIONS_MAX) + asked
    request = struct.pack(">hhi", 2, 2, isolation) + text("weir-check") + body
    connection.sendall(struct.pack(">i", len(request)) + request)
    answer = receive(connection, struct.unpack(">i", receive(connection, 4))[0])
    # Correlation id, throttle time, one topic and its name; then the partitions.
    at = 12 + 2 + struct.unpack_from(">h", answer, 12)[0]
    (count,) = struct.unpack_from(">i", answer, at)
    found = {}
    for place in range(at + 4, at + 4 + count * 22, 22):
        number, error, _, offset = struct.unpack_from(">ihqq", answer, place)
        if error == 0:
            found[number] = offset
    return found


def main():
    host, port = sys.argv[1].rsplit(":", 1)
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        stable = ends(connection, sys.argv[2], COMMITTED)
        end = ends(connection, sys.argv[2], UNCOMMITTED)
    if not end:
        sys.exit(f"the broker has no topic {sys.argv[2]}")
    for number, offset in sorted(end.items()):
        if stable.get(number, offset) < offset:
            print(number, stable[number], offset)


main()
