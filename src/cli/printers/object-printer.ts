/** Prints objects one after another or as a list, in every format but the server's tables. */
import type { KubeObject } from '../../api/meta.ts';
import { parseCustomColumns } from './custom-columns.ts';
import { compileJsonPath } from './jsonpath.ts';
import type { OutputFormat } from './output-format.ts';
import { toJson, toYaml, withoutManagedFields } from './serialize.ts';
import { alignTabs, tableTabs } from './tab-writer.ts';

export interface ObjectPrinterOptions {
  readonly format: Exclude<OutputFormat, { kind: 'table' }>;
  readonly noHeaders: boolean;
  readonly showManagedFields: boolean;
}

/** Prints text for `value`: one object, or a `List` of them. */
export type PrintObject = (value: KubeObject) => Promise<string>;

/**
 * The printer of a format. It keeps state between calls: the `---` between YAML documents and the header of columns.
 *
 * @throws UsageError when the template of the format cannot be read
 */
export function createObjectPrinter(options: ObjectPrinterOptions): PrintObject {
  const clean = (value: KubeObject): KubeObject => (options.showManagedFields ? value : withoutBookkeeping(value));
  const { format } = options;
  switch (format.kind) {
    case 'json':
      return async (value) => toJson(clean(value));
    case 'yaml': {
      let documents = 0;
      return async (value) => `${documents++ > 0 ? '---\n' : ''}${await toYaml(clean(value))}`;
    }
    case 'name':
      return async (value) =>
        itemsOf(value)
          .map((item) => `${nameOf(item)}\n`)
          .join('');
    case 'jsonpath': {
      const render = compileJsonPath(format.template);
      return async (value) => render(value);
    }
    case 'custom-columns': {
      const columns = parseCustomColumns(format.specification);
      let header = !options.noHeaders;
      return async (value) => {
        const lines = itemsOf(value).map((item) => columns.map((column) => column.cell(item)).join('\t'));
        if (header) lines.unshift(columns.map((column) => column.header).join('\t'));
        header = false;
        return lines.length === 0 ? '' : `${alignTabs(lines.join('\n'), tableTabs)}\n`;
      };
    }
  }
}

/** `pod/web`, `deployment.apps/web`. */
function nameOf(object: KubeObject): string {
  const group = object.apiVersion.includes('/') ? `.${object.apiVersion.split('/')[0]}` : '';
  return `${object.kind.toLowerCase()}${group}/${object.metadata.name}`;
}

function itemsOf(value: KubeObject): readonly KubeObject[] {
  return isList(value) ? (value['items'] as readonly KubeObject[]) : [value];
}

function isList(value: KubeObject): boolean {
  return value.kind.endsWith('List') && Array.isArray(value['items']);
}

function withoutBookkeeping(value: KubeObject): KubeObject {
  if (!isList(value)) return withoutManagedFields(value);
  return { ...value, items: itemsOf(value).map(withoutManagedFields) };
}
