"""Reads menus of routers with librouteros, as the witness of the tests.

stdin: [{"host", "port", "user", "password", "login": "plain" or "token", "menus": [path, ...],
         "monitors": [path of a menu whose rows are monitored, ...]}, ...]
stdout: [{path: [row, ...]}, ...]; what a monitor says is under its menu's path and "/monitor"; every value as text, each character one byte of what the router sent.
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


def rows(answer):
    return [{key: text(value) for key, value in row.items()} for row in answer]


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
        menus = {menu: rows(api.rawCmd(menu + "/print")) for menu in question["menus"]}
        for menu in question["monitors"]:
            numbers = "=numbers=" + ",".join(row[".id"] for row in menus[menu])
            menus[menu + "/monitor"] = rows(api.rawCmd(menu + "/monitor", numbers, "=once="))
        return menus
    finally:
        api.close()


json.dump([read(question) for question in json.load(sys.stdin)], sys.stdout)
