# Prints the rows of one menu of a RouterOS API as JSON, read by an independent client.
import json
import sys

import librouteros

host, port, user, password, path = sys.argv[1:6]
api = librouteros.connect(host=host, port=int(port), username=user, password=password, encoding="latin-1")
print(json.dumps([dict(row) for row in api.path(path)]))
api.close()
