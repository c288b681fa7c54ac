"""A second service, in another framework: what it takes to be served by Standfast, and no more."""

import hashlib
import hmac
import os
import sys
import threading

import psycopg
from bottle import abort, get, post, put, request, response, run

SAVE = """INSERT INTO line VALUES (%s, %s, %s) ON CONFLICT (id)
          DO UPDATE SET said = EXCLUDED.said WHERE line.name = EXCLUDED.name RETURNING id"""


mine = threading.local()


def sql(statement, *values):
    """One connection for each thread, made anew when it is lost."""
    if getattr(mine, "connection", None) is None or mine.connection.broken:
        url = os.environ["DATABASE_URL"]
        mine.connection = psycopg.connect(url, connect_timeout=2, autocommit=True)
    cursor = mine.connection.execute(statement, values)
    return cursor.fetchall() if cursor.description else []


def hashed(password, salt):
    return hashlib.scrypt(password.encode(), salt=salt, n=2**14, r=8, p=1)


def pass_for(name):
    mark = hmac.digest(os.environ["SERVICE_SECRET"].encode(), name.encode(), "sha256")
    return f"{mark.hex()}.{name}"


def guest():
    shown = request.get_cookie("guest") or ""
    name = shown.partition(".")[2]
    return name if hmac.compare_digest(shown.encode(), pass_for(name).encode()) else abort(401)


@get("/health")
def health():
    return "ok\n" if sql("SELECT 1") else abort(503)


@post("/session")
def sign_in():
    name, password = request.json["name"], request.json["password"]
    known = sql("SELECT salt, hash FROM guest WHERE name = %s", name) or abort(401)
    if not hmac.compare_digest(hashed(password, known[0][0]), known[0][1]):
        abort(401)
    response.set_cookie("guest", pass_for(name), path="/", secure=True, httponly=True)


@get("/lines")
def read():
    words = request.query.getunicode("said", "")
    found = "SELECT id, said FROM line WHERE name = %s AND position(%s IN said) > 0"
    return {"lines": [{"id": str(one), "said": said} for one, said in sql(found, guest(), words)]}


@put("/lines/<line_id>")
def write(line_id):
    return {"id": line_id} if sql(SAVE, line_id, guest(), request.json["said"]) else abort(409)


def migrate():
    sql("CREATE TABLE IF NOT EXISTS guest (name text PRIMARY KEY, salt bytea, hash bytea)")
    sql("CREATE TABLE IF NOT EXISTS line (id uuid PRIMARY KEY, name text NOT NULL, said text)")


def canary():
    name, salt = os.environ["CANARY_ACCOUNT"], os.urandom(16)
    sql("DELETE FROM guest WHERE name = %s", name)
    secret = hashed(os.environ["CANARY_PASSWORD"], salt)
    sql("INSERT INTO guest VALUES (%s, %s, %s)", name, salt, secret)


def web():
    run(server="waitress", host=os.environ["ADDRESS"], port=os.environ["PORT"], quiet=True)


if __name__ == "__main__":
    {"migrate": migrate, "canary": canary, "web": web}[sys.argv[1]]()
