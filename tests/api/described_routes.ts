/** The routes of an OpenAPI description: requests that fit them, and whether an answer does. */
import assert from "node:assert/strict";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import fc from "fast-check";

export interface Description {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: Readonly<Record<string, unknown>>;
}

interface Operation {
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, unknown>> };
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>;
}

type Content = Readonly<Record<string, { readonly schema: Schema }>>;

interface Parameter {
  readonly name: string;
  readonly in: "path" | "query";
  readonly required?: boolean;
  readonly schema: Schema;
}

interface Schema {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
}

export interface DescribedRoute {
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
}

export function routesOf(description: Description): DescribedRoute[] {
  return Object.entries(description.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation }))
  );
}

/** A request as text: its path with its query, and a body where the route takes one. */
export interface GeneratedRequest {
  readonly target: string;
  readonly body: string | undefined;
}

/** Requests with parameters that are good, all of them if `isValid`, else some of any text. */
export function requestsFor(
  { path, operation }: DescribedRoute,
  isValid: boolean,
): fc.Arbitrary<GeneratedRequest> {
  const values = Object.fromEntries((operation.parameters ?? []).map((parameter) => {
    const good = valueFor(parameter.schema);
    const anything = fc.string({ unit: "binary", minLength: 1 });
    const value = isValid
      ? good
      : fc.oneof({ arbitrary: good, weight: 2 }, { arbitrary: anything, weight: 1 });
    return [parameter.name, parameter.required === true ? value : fc.option(value, { nil: undefined })];
  }));
  const isQuery = new Set(
    (operation.parameters ?? []).filter((p) => p.in === "query").map(({ name }) => name),
  );
  const body = operation.requestBody === undefined ? fc.constant(undefined) : bodies(isValid);
  return fc.record({ values: fc.record(values), body }).map(({ values, body }) => {
    const query = new URLSearchParams();
    let target = path;
    for (const [name, value] of Object.entries(values)) {
      if (value === undefined) continue;
      if (isQuery.has(name)) query.set(name, value);
      else target = target.replace(`{${name}}`, encodePart(value));
    }
    return { target: query.size === 0 ? target : `${target}?${query}`, body };
  });
}

/** No `.` or `..` alone, which a client would take out of the path itself. */
function encodePart(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replace(/^\.{1,2}$/, "%2E.");
}

function valueFor(schema: Schema): fc.Arbitrary<string> {
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  if (schema.pattern !== undefined) return fc.stringMatching(new RegExp(schema.pattern));
  if (schema.type === "boolean") return fc.constantFrom("true", "false");
  assert.equal(schema.type, "integer", `nothing is made for ${JSON.stringify(schema)}`);
  return fc.integer({ min: schema.minimum ?? 0, max: schema.maximum ?? 1e9 }).map(String);
}

function bodies(isValid: boolean): fc.Arbitrary<string> {
  const hashes = fc.array(fc.stringMatching(/^[0-9a-f]{40}$/), { maxLength: 20 });
  const good = fc.oneof(hashes.map((list) => JSON.stringify(list)), hashes.map((list) => list.join("\n")));
  return isValid ? good : fc.oneof(good, fc.json(), fc.string());
}

/** Says whether answers are as they are described. */
export class AnswerCheck {
  readonly #ajv = new Ajv2020({ strict: false, allErrors: true });
  readonly #components: Description["components"];
  readonly #validators = new Map<Schema, ValidateFunction>();

  constructor({ components }: Description) {
    this.#components = components;
  }

  /** Fails unless the status is described, and the body is as its schema wants it. */
  async check({ operation, method, path }: DescribedRoute, response: Response): Promise<void> {
    const what = `${method} ${path}: ${response.status}`;
    const described = operation.responses[response.status];
    if (described === undefined) throw new Error(`${what} is not described: ${await response.text()}`);
    const type = (response.headers.get("content-type") ?? "").split(";")[0];
    const content = described.content?.[type];
    assert.ok(content !== undefined, `${what}: no ${type} is described`);
    if (type === "text/event-stream") return await response.body?.cancel();
    const text = await response.text();
    if (type !== "application/json") return;
    const validate = this.#validatorFor(content.schema);
    assert.ok(
      validate(JSON.parse(text)),
      `${what}: ${this.#ajv.errorsText(validate.errors)}: ${text.slice(0, 500)}`,
    );
  }

  #validatorFor(schema: Schema): ValidateFunction {
    const known = this.#validators.get(schema);
    if (known !== undefined) return known;
    const validate = this.#ajv.compile({ ...schema, components: this.#components });
    this.#validators.set(schema, validate);
    return validate;
  }
}
