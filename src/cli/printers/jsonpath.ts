/** Evaluates kubectl's JSONPath templates. What does not exist prints as nothing, as with kubectl. */
import {
  type Filter,
  type Operand,
  type Path,
  parsePath,
  parseTemplate,
  type Step,
  type TemplateNode,
} from './jsonpath-parser.ts';
import { sortKeys } from './serialize.ts';

/** What `template` makes of `value`; several results of one path are joined by a blank. */
export function renderJsonPath(template: string, value: unknown): string {
  return render(parseTemplate(template), value, value);
}

/** A compiled template, for a value after another (`-w`). */
export function compileJsonPath(template: string): (value: unknown) => string {
  const nodes = parseTemplate(template);
  return (value) => render(nodes, value, value);
}

/** A compiled path: every value it finds, in order. */
export function compilePath(path: string): (value: unknown) => readonly unknown[] {
  const parsed = parsePath(path);
  return (value) => find(parsed, value, value);
}

function render(nodes: readonly TemplateNode[], current: unknown, root: unknown): string {
  return nodes
    .map((node) => {
      switch (node.kind) {
        case 'text':
          return node.text;
        case 'path':
          return find(node.path, current, root).map(formatValue).join(' ');
        case 'range':
          return rangeOf(node.path, current, root)
            .map((item) => render(node.body, item, root))
            .join('');
      }
      return '';
    })
    .join('');
}

/** `{range .items}` walks the list itself, as `{range .items[*]}` does. */
function rangeOf(path: Path, current: unknown, root: unknown): readonly unknown[] {
  const found = find(path, current, root);
  return found.length === 1 && Array.isArray(found[0]) ? found[0] : found;
}

/** Strings as they are, everything else as JSON with its keys in order. */
export function formatValue(value: unknown): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(sortKeys(value));
}

function find(path: Path, current: unknown, root: unknown): readonly unknown[] {
  return path.steps.reduce<readonly unknown[]>(
    (values, step) => values.flatMap((value) => take(step, value, root)),
    [path.fromRoot ? root : current],
  );
}

function take(step: Step, value: unknown, root: unknown): readonly unknown[] {
  switch (step.kind) {
    case 'field':
      return field(value, step.name);
    case 'fields':
      return step.names.flatMap((name) => field(value, name));
    case 'wildcard':
      return childrenOf(value);
    case 'descend':
      return withDescendants(value);
    case 'indexes':
      return Array.isArray(value) ? step.indexes.flatMap((index) => at(value, index)) : [];
    case 'slice':
      return Array.isArray(value) ? slice(value, step) : [];
    case 'filter':
      return childrenOf(value).filter((item) => holds(step.filter, item, root));
  }
}

function field(value: unknown, name: string): readonly unknown[] {
  // Lists have no fields; `length` is JavaScript's.
  if (typeof value !== 'object' || value === null || Array.isArray(value) || !Object.hasOwn(value, name)) return [];
  return [(value as Record<string, unknown>)[name]];
}

function childrenOf(value: unknown): readonly unknown[] {
  return typeof value === 'object' && value !== null ? Object.values(value) : [];
}

/** The value itself, then everything inside it, outer before inner. */
function withDescendants(value: unknown): readonly unknown[] {
  return [value, ...childrenOf(value).flatMap(withDescendants)];
}

function at(list: readonly unknown[], index: number): readonly unknown[] {
  const position = index < 0 ? list.length + index : index;
  return position >= 0 && position < list.length ? [list[position]] : [];
}

function slice(list: readonly unknown[], step: Extract<Step, { kind: 'slice' }>): readonly unknown[] {
  const chosen = list.slice(step.start ?? 0, step.end ?? list.length);
  return step.step > 1 ? chosen.filter((_item, index) => index % step.step === 0) : chosen;
}

function holds(filter: Filter, item: unknown, root: unknown): boolean {
  const left = operandValue(filter.left, item, root);
  if (filter.operator === undefined || filter.right === undefined) return left !== undefined;
  const right = operandValue(filter.right, item, root);
  if (left === undefined || right === undefined) return false;
  const order = compare(left, right);
  switch (filter.operator) {
    case '==':
      return order === 0;
    case '!=':
      return order !== 0;
    case '<':
      return order !== undefined && order < 0;
    case '<=':
      return order !== undefined && order <= 0;
    case '>':
      return order !== undefined && order > 0;
    case '>=':
      return order !== undefined && order >= 0;
  }
}

function operandValue(operand: Operand, item: unknown, root: unknown): unknown {
  return operand.kind === 'literal' ? operand.value : find(operand.path, item, root)[0];
}

/** Negative, zero or positive; undefined when the two cannot be compared. */
function compare(left: unknown, right: unknown): number | undefined {
  if (typeof left === 'number' && typeof right === 'number') return left - right;
  if (typeof left === 'string' && typeof right === 'string') return left < right ? -1 : left > right ? 1 : 0;
  return formatValue(left) === formatValue(right) ? 0 : undefined;
}
