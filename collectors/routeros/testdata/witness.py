"""Reads menus of routers with librouteros, as the witness of the tests.

stdin: [{"host", "port", "user", "password", "login": "plain" or "token", "menus": [path, ...]}, ...]
stdout: [{path: [row, ...]}, ...]; every value as text, each character one byte of what the router sent.
"""

import json
import sys

from librouteros import connect
from librouteros.login import plain, token

LOGINS = {"plain": plain, "token": token}


def text(value):
    """librouteros turns yes, true and digits into Python's types."""
    if value is True:
        return "true"
    if value is False:
        return "false"
    return str(value)


def read(question):
    api = connect(
        host=question["host"],
        port=question["port"],
        username=question["user"],
        password=question["password"],
        login_method=LOGINS[question["login"]],
        encoding="latin-1",
    )
    try:
        return {
            menu: [{key: text(value) for key, value in row.items()} for row in api.rawCmd(menu + "/print")]
            for menu in question["menus"]
        }
    finally:
        api.close()


json.dump([read(question) for question in json.load(sys.stdin)], sys.stdout)
