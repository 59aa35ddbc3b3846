"""h11 as a server: reads streams, one a line, and says what it made of each.

The lines are described in src/parsers/child.rs.
"""

import sys

import h11


def hexadecimal(content):
    return bytes(content).hex() or "-"


def read(stream):
    # More than its own limit of a head, as the other peers have.
    connection = h11.Connection(h11.SERVER, max_incomplete_event_size=256 * 1024)
    taken = []
    request, body = None, b""
    if stream:
        # No bytes would be the client's end.
        connection.receive_data(stream)
    while True:
        try:
            event = connection.next_event()
        except h11.RemoteProtocolError as error:
            return taken, f"refused {error.error_status_hint} {hexadecimal(str(error).encode())}"
        if event is h11.NEED_DATA:
            return taken, "more"
        if event is h11.PAUSED:
            # Behind the last request of a connection, or in front of a tunnel.
            return taken, "closed"
        if type(event) is h11.Request:
            request, body = event, b""
            if connection.they_are_waiting_for_100_continue:
                connection.send(h11.InformationalResponse(status_code=100, headers=[]))
        elif type(event) is h11.Data:
            body += event.data
        elif type(event) is h11.EndOfMessage:
            taken += [request.method, request.target, body]
            connection.send(h11.Response(status_code=200, headers=[("Content-Length", "0")]))
            if connection.our_state is not h11.SWITCHED_PROTOCOL:
                connection.send(h11.EndOfMessage())
            if connection.our_state is h11.DONE and connection.their_state is h11.DONE:
                connection.start_next_cycle()
            else:
                return taken, "closed"


def main():
    print("ready", flush=True)
    for line in sys.stdin:
        line = line.strip()
        taken, end = read(b"" if line == "-" else bytes.fromhex(line))
        print(" ".join(map(hexadecimal, taken)) + "|" + end, flush=True)


main()
