/** The description of the API as a page to read: plain HTML without a script, so that it works anywhere. */

/** What the page shows of an OpenAPI description. */
export interface Described {
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

interface Operation {
  readonly tags?: readonly string[];
  readonly summary?: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content?: Content }>>;
}

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly description?: string;
  readonly schema: Schema;
}

type Content = Readonly<Record<string, { readonly schema: Schema }>>;

/** The parts of JSON Schema that the description uses. */
interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly prefixItems?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
}

const STYLE = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
section { border-top: 1px solid color-mix(in srgb, currentColor 25%, transparent); padding: .5rem 0 1rem }
h3 { margin: 1rem 0 .25rem; font-size: 1rem }
code, pre { font: .9em ui-monospace, monospace }
pre { overflow-x: auto; padding: .5rem; background: color-mix(in srgb, currentColor 8%, transparent) }
table { border-collapse: collapse; width: 100% }
td, th { text-align: left; vertical-align: top; padding: .15rem .75rem .15rem 0 }
.method { display: inline-block; min-width: 4.5rem; font-weight: 700 }
`;

export function docsPage({ info, paths, components }: Described): string {
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation }))
  );
  const links = operations.map(({ path, method, operation }) =>
    `<tr><td><a href="#${anchor(method, path)}"><code>${method} ${escape(path)}</code></a>` +
    `<td>${prose(operation.summary ?? "")}`
  );
  const schemas = Object.entries(components.schemas).map(([name, schema]) =>
    `<section id="${escape(name)}"><h2>${escape(name)}</h2>${shape(schema)}</section>`
  );
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escape(info.title)} API</title>
<style>${STYLE}</style>
<h1>${escape(info.title)} API <small>${escape(info.version)}</small></h1>
<p>${prose(info.description)}
<p>For machines: <code>/api/openapi.json</code>.
<table>${links.join("\n")}</table>
${operations.map(section).join("\n")}
${schemas.join("\n")}
</html>
`;
}

function section(
  { path, method, operation }: { path: string; method: string; operation: Operation },
): string {
  const { summary = "", parameters = [], requestBody, responses } = operation;
  const inputs = parameters.map((parameter) =>
    row(
      `<code>${escape(parameter.name)}</code>${parameter.required === true ? "" : " (optional)"}`,
      `${limitsOf(parameter.schema)} ${prose(parameter.description ?? parameter.schema.description ?? "")}`,
    )
  );
  const bodies = Object.entries(requestBody?.content ?? {}).map(([type, { schema }]) =>
    row(`body, <code>${escape(type)}</code>`, typeOf(schema))
  );
  const answers = Object.entries(responses).map(([status, { description, content = {} }]) =>
    row(
      status,
      `${prose(description)}: ${Object.values(content).map(({ schema }) => typeOf(schema)).join(", ")}`,
    )
  );
  return `<section id="${anchor(method, path)}">
<h2><span class="method">${method}</span> <code>${escape(path)}</code></h2>
<p>${prose(summary)}
<pre>${escape(curl(method, path, parameters))}</pre>
${table("Parameters", [...inputs, ...bodies])}
${table("Answers", answers)}
</section>`;
}

function curl(method: string, path: string, parameters: readonly Parameter[]): string {
  const query = parameters.filter(({ in: place, required }) => place === "query" && required === true)
    .map(({ name }) => `${name}=…`).join("&");
  const verb = method === "GET" ? "" : `-X ${method} `;
  return `curl ${verb}-H "Authorization: Bearer $TOKEN" "$TRACKER${path}${query === "" ? "" : `?${query}`}"`;
}

function table(title: string, rows: readonly string[]): string {
  return rows.length === 0 ? "" : `<h3>${title}</h3><table>${rows.join("")}</table>`;
}

function row(name: string, value: string): string {
  return `<tr><td>${name}<td>${value}`;
}

/** The fields of an object, or what else it is. */
function shape(schema: Schema): string {
  const fields = Object.entries(schema.properties ?? {});
  if (fields.length === 0) return `<p>${typeOf(schema)} ${prose(schema.description ?? "")}`;
  const rows = fields.map(([name, field]) =>
    row(`<code>${escape(name)}</code>`, `${typeOf(field)} ${prose(field.description ?? "")}`)
  );
  return `<table>${rows.join("")}</table>`;
}

function typeOf(schema: Schema): string {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.split("/").at(-1) ?? "";
    return `<a href="#${escape(name)}">${escape(name)}</a>`;
  }
  if (schema.anyOf !== undefined) return schema.anyOf.map(typeOf).join(" or ");
  if (schema.prefixItems !== undefined) return `[${schema.prefixItems.map(typeOf).join(", ")}]`;
  if (schema.items !== undefined) return `list of ${typeOf(schema.items)}`;
  const fields = Object.entries(schema.properties ?? {});
  if (fields.length > 0) {
    return `{ ${fields.map(([name, field]) => `${escape(name)}: ${typeOf(field)}`).join(", ")} }`;
  }
  return limitsOf(schema);
}

function limitsOf(schema: Schema): string {
  const values = schema.enum ?? (schema.const === undefined ? undefined : [schema.const]);
  if (values !== undefined) {
    return values.map((value) => `<code>${escape(String(value))}</code>`).join(" or ");
  }
  const type = escape([schema.type ?? "anything"].flat().join(" or "));
  if (schema.maximum !== undefined) return `${type}, ${schema.minimum ?? 0} to ${schema.maximum}`;
  return schema.pattern === undefined ? type : `${type} <code>${escape(schema.pattern)}</code>`;
}

function anchor(method: string, path: string): string {
  return `${method}${path}`.replace(/[^A-Za-z]+/g, "-");
}

/** Text in which backticks make code. */
function prose(text: string): string {
  return escape(text).replace(/`([^`]*)`/g, "<code>$1</code>");
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll(
    '"',
    "&quot;",
  );
}
