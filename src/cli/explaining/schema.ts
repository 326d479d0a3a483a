/** OpenAPI v3 documents, as far as they describe objects and their fields. Pure. */

export interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  /** `true` and `false` say nothing of what is inside. */
  readonly additionalProperties?: Schema | boolean;
  readonly allOf?: readonly Schema[];
  readonly enum?: readonly unknown[];
  readonly 'x-kubernetes-group-version-kind'?: readonly KindName[];
}

export interface KindName {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

/** A document that the server made for one group and version. */
export interface OpenApiDocument {
  readonly components?: { readonly schemas?: Readonly<Record<string, Schema>> };
}

/** What a document says, with its references followed. */
export class Schemas {
  readonly #schemas: Readonly<Record<string, Schema>>;

  constructor({ components }: OpenApiDocument) {
    this.#schemas = components?.schemas ?? {};
  }

  /** The schema of a kind; undefined when the document has none. */
  ofKind({ group, version, kind }: KindName): Schema | undefined {
    return Object.values(this.#schemas).find((schema) =>
      schema['x-kubernetes-group-version-kind']?.some(
        (name) => name.group === group && name.version === version && name.kind === kind,
      ),
    );
  }

  /** The field of that name, whatever lists, maps and references are on the way to it. */
  field(schema: Schema, name: string): Schema | undefined {
    const own = this.fieldsOf(schema);
    return own && Object.hasOwn(own.properties ?? {}, name) ? own.properties?.[name] : undefined;
  }

  /** The schema that has the fields; undefined for what has none. */
  fieldsOf(schema: Schema): Schema | undefined {
    return this.#chain(schema).find(({ properties }) => properties !== undefined);
  }

  /** What is said of it: of the field, and of the type it has, in this order. */
  descriptionsOf(schema: Schema): readonly string[] {
    return this.#chain(schema).flatMap(({ description = '' }) => (description === '' ? [] : [description]));
  }

  /** `string`, `[]Container`, `map[string]Quantity`: for people. */
  typeOf(schema: Schema): string {
    const [part] = schema.allOf ?? [];
    if (schema.items) return `[]${this.typeOf(schema.items)}`;
    const { additionalProperties: values } = schema;
    if (typeof values === 'object') return `map[string]${this.typeOf(values)}`;
    if (part) return this.typeOf(part);
    if (schema.$ref === undefined)
      return schema.type === undefined || schema.type === 'object' ? 'Object' : schema.type;
    const { type } = this.#follow(schema.$ref) ?? {};
    return type === undefined || type === 'object' ? (schema.$ref.split(/[./]/).at(-1) ?? 'Object') : type;
  }

  /** The schema and what it leads to: the type of a list's elements or of a map's values, what it refers to. */
  #chain(schema: Schema): readonly Schema[] {
    const chain: Schema[] = [];
    for (let next: Schema | undefined = schema; next && !chain.includes(next); next = this.#next(next))
      chain.push(next);
    return chain;
  }

  #next({ $ref, items, additionalProperties: values, allOf }: Schema): Schema | undefined {
    if ($ref !== undefined) return this.#follow($ref);
    return items ?? (typeof values === 'object' ? values : allOf?.[0]);
  }

  #follow(reference: string): Schema | undefined {
    const name = reference.split('/').at(-1) ?? '';
    return Object.hasOwn(this.#schemas, name) ? this.#schemas[name] : undefined;
  }
}
