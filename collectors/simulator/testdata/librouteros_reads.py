"""Read routers with librouteros and print what it saw, as JSON.

The arguments come as JSON on standard input: a list of [host, port, method, path, words...].
"""
import json
import sys

import librouteros
from librouteros.login import plain, token

out = []
for host, port, method, path, *words in json.load(sys.stdin):
    api = librouteros.connect(
        host=host, port=port, username="telemetry", password="telemetry", timeout=10, encoding="latin-1",
        login_method=token if method == "token" else plain,
    )
    try:
        out.append({"rows": list(api.rawCmd(path, *words))})
    except librouteros.exceptions.TrapError as trap:
        out.append({"trap": trap.message})
    finally:
        api.close()
json.dump(out, sys.stdout)
