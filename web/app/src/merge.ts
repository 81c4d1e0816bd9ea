import { isObject, type Value } from "./protocol";

/**
 * mergePatch applies a JSON merge patch (RFC 7396) and returns the result; neither argument is
 * changed, and what the patch does not touch is shared.
 */
export function mergePatch(target: unknown, patch: unknown): unknown {
  return isObject(patch) ? mergeObject(target, patch) : patch;
}

/** mergeObject is mergePatch for a patch that is an object, as every patch of a row is. */
export function mergeObject(target: unknown, patch: Value): Value {
  // A Map, because __proto__ is a name like any other in JSON, but not in an assignment.
  const out = new Map<string, unknown>(isObject(target) ? Object.entries(target) : []);
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) out.delete(name);
    else out.set(name, mergePatch(out.get(name), value));
  }
  return Object.fromEntries(out);
}
