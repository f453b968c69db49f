# SPDX-License-Identifier: Apache-2.0
"""A function that asks a database with a client from PyPI: GET /SYSTEM/WHAT; ../databases.py says what for."""
import http.server
import json
import os
import sys

SETTINGS = json.loads(os.environ["DATABASE"])
SECRET = SETTINGS["secret"]


def failing(fn, *args):
    try:
        fn(*args)
    except Exception as error:  # pylint: disable=broad-except
        return type(error).__name__
    raise AssertionError("it did not fail")


def postgresql(what):
    import psycopg
    options = {"host": SETTINGS["folder"] if what == "unix" else "127.0.0.1", "port": SETTINGS["port"],
               "user": SETTINGS["user"], "password": SETTINGS["password"], "dbname": SETTINGS["database"],
               "sslmode": "require" if what == "tls" else "disable", "gssencmode": "disable", "autocommit": True}
    if what == "stranger":
        return failing(lambda: psycopg.connect(**{**options, "password": "not " + SETTINGS["password"]}))
    with psycopg.connect(**options) as client:
        if what in ("simple", "tls", "unix"):
            client.execute(f"SELECT '{SECRET}'").fetchone()
        elif what == "values":
            client.execute("SELECT %s::text", [SECRET]).fetchone()
        elif what == "prepared":
            for _ in range(2):
                client.execute("select %s::text", [SECRET], prepare=True).fetchone()
        elif what == "failing":
            return failing(client.execute, f"SELECT * FROM nowhere WHERE a = '{SECRET}'")
        elif what == "late":
            return failing(client.execute, "SELECT 1 / (1000 - n) FROM generate_series(1, 1000) AS n")
        elif what == "transaction":
            with client.transaction():
                client.execute("CREATE TEMPORARY TABLE t (a text)")
                client.execute("INSERT INTO t VALUES (%s)", [SECRET])
        elif what == "copy":
            client.execute("CREATE TEMPORARY TABLE t (a text)")
            with client.cursor() as cursor:
                with cursor.copy("COPY t FROM STDIN") as copy:
                    for n in range(2000):
                        copy.write(f"{SECRET} {n}\n")
                with cursor.copy("COPY t TO STDOUT") as copy:
                    return sum(len(row) for row in copy)
        elif what == "pipeline":
            with client.pipeline():
                for _ in range(3):
                    client.execute("SELECT %s::text", [SECRET])
        elif what == "large":
            return len(client.execute("SELECT repeat('x', 1000) FROM generate_series(1, 2000)").fetchall())
    return None


def mysql(what):
    import pymysql
    where = {"unix_socket": SETTINGS["socket"]} if what == "unix" else {"host": "127.0.0.1", "port": SETTINGS["port"]}
    options = {**where, "user": SETTINGS["user"], "password": SETTINGS["password"], "database": SETTINGS["database"],
               **({"ssl": {"ca": SETTINGS["cert"]}} if what == "tls" else {"ssl_disabled": True})}
    if what == "stranger":
        return failing(lambda: pymysql.connect(**{**options, "password": "not " + SETTINGS["password"]}))
    with pymysql.connect(**options) as client, client.cursor() as cursor:
        if what in ("simple", "tls", "unix"):
            cursor.execute(f"SELECT '{SECRET}'")
            cursor.fetchall()
        elif what == "failing":
            return failing(cursor.execute, f"SELECT * FROM nowhere WHERE a = '{SECRET}'")
        elif what == "late":
            return failing(cursor.execute,
                           "SELECT IF(seq < 900, seq, (SELECT 1 UNION SELECT 2)) FROM seq_1_to_1000")
        elif what == "transaction":
            client.begin()
            cursor.execute("CREATE TEMPORARY TABLE t (a text)")
            cursor.execute("INSERT INTO t VALUES (%s)", [SECRET])
            client.commit()
        elif what == "large":
            return cursor.execute("SELECT REPEAT('x', 1000) FROM seq_1_to_2000")
    return None


def redis(what):
    import redis as module
    options = {"password": SETTINGS["password"], "protocol": 3 if what == "resp3" else 2}
    where = {"unix_socket_path": SETTINGS["socket"]} if what == "unix" else {
        "host": "127.0.0.1", "port": SETTINGS["tls_port" if what == "tls" else "port"],
        **({"ssl": True, "ssl_ca_certs": SETTINGS["cert"], "ssl_check_hostname": False} if what == "tls" else {})}
    with module.Redis(**where, **options) as client:
        if what in ("simple", "resp3"):
            client.set("key", SECRET)
            return len(client.get("key"))
        if what in ("tls", "unix"):
            client.set("key", SECRET)
        elif what == "failing":
            client.set("key", SECRET)
            return failing(client.lpush, "key", SECRET)
        elif what == "pipeline":
            client.pipeline(transaction=False).set("a", SECRET).get("a").delete("a").execute()
        elif what == "same":
            client.pipeline(transaction=False).set("a", SECRET).set("b", SECRET).execute()
        elif what == "multi":
            client.pipeline(transaction=True).set("a", SECRET).incr("n").execute()
        elif what == "changes":
            client.pipeline(transaction=True).set("a", SECRET).set("b", SECRET).execute()
        elif what == "large":
            client.set("large", "x" * 1000000)
            return len(client.get("large"))
        elif what == "script":
            return failing(client.eval, f"return redis.error_reply('{SECRET} is wrong')", 0)
    return None


SYSTEMS = {"postgresql": postgresql, "mysql": mysql, "redis": redis}


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        _, system, what = self.path.split("/")
        try:
            status, text = 200, json.dumps(SYSTEMS[system](what) if system in SYSTEMS else None)
        except Exception as error:  # pylint: disable=broad-except
            status, text = 500, repr(error)
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())
        if system == "exit":
            self.server.over = True

    def log_message(self, *_):
        pass


def main():
    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        print(f"port {server.server_address[1]}", flush=True)
        server.over = False
        while not server.over:
            server.handle_request()
    sys.stdout.flush()


if __name__ == "__main__":
    main()
