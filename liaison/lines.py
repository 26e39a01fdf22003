"""What connections are told: how soon one to another host that fell silent is given up, and what a page costs to read.

Both ends are told when to give up, for either can lose the other.

A host that loses power, or its cable, says no goodbye. Left to itself, Linux asks after two hours whether anybody is
still there; all that time the database would keep the locks of a transaction of a dead host, and every worker that
needs one of them would wait. The settings of the database's end travel with each connection, so that its operator has
nothing to do; none of them needs a right. What is said of silence means nothing on a unix socket.
"""

CONNECTING = 3  # seconds until a host that does not answer at all is given up
ASK_AFTER, ASK_EVERY, ASK_TIMES = 4, 2, 3  # seconds of silence until it is asked, between questions, and how many
UNHEARD = 5_000  # milliseconds for which anything may stay unacknowledged, so that a lost host is found out after 6 s
LOOK_UP = 5_000  # milliseconds after which a query at work, or waiting for a lock, looks whether anybody still wants it
IDLE = 120_000  # milliseconds a transaction may do nothing: longer than any work of ours between two statements
PAGE = 1.1
"""What it costs to read a page from anywhere, where the next costs 1: no disk has an arm to move any more.

With PostgreSQL's own 4, reading a box of which a plan made for all deputies expects few lines in the order of its pages
and sorting it seems cheaper than following its index; a busy deputy has thousands there.
"""

_OF_SERVER = {
    "tcp_keepalives_idle": ASK_AFTER,
    "tcp_keepalives_interval": ASK_EVERY,
    "tcp_keepalives_count": ASK_TIMES,
    "tcp_user_timeout": UNHEARD,
    "client_connection_check_interval": LOOK_UP,
    "idle_in_transaction_session_timeout": IDLE,
    "random_page_cost": PAGE,
}
_OF_DATABASE = {
    "connect_timeout": CONNECTING,
    "keepalives_idle": ASK_AFTER,
    "keepalives_interval": ASK_EVERY,
    "keepalives_count": ASK_TIMES,
    "tcp_user_timeout": UNHEARD,
    "options": " ".join(f"-c {name}={value}" for name, value in _OF_SERVER.items()),
}

REDIS = {"socket_timeout": 5, "socket_connect_timeout": 5}
"""For the background's Redis; a worker that waits for its next job raises the first by as long as it means to wait."""


def to_database(url: str) -> dict[str, str | int]:
    """The arguments of a connection to PostgreSQL; what the address says itself is left to it."""
    return {name: value for name, value in _OF_DATABASE.items() if f"{name}=" not in url}
