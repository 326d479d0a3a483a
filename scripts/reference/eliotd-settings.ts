/** Every setting of eliotd with its words, from the schema that reads it. */
import * as v from 'valibot';
import { flagKeys } from '../../src/agent/settings/load-settings.ts';
import { settingsSchema } from '../../src/agent/settings/settings.ts';

export interface DescribedSetting {
  readonly name: string;
  readonly type: string;
  /** Empty when there is none, or when the description says what it is. */
  readonly fallback: string;
  readonly description: string;
}

type SettingSchema = (typeof settingsSchema.entries)[keyof typeof settingsSchema.entries];

/** Those that are flags and environment variables too. */
export function flagSettings(): DescribedSetting[] {
  return allSettings().filter(({ name }) => isFlag(name));
}

/** Those that stand in the file only. */
export function fileSettings(): DescribedSetting[] {
  return allSettings().filter(({ name }) => !isFlag(name));
}

function allSettings(): DescribedSetting[] {
  return Object.entries(settingsSchema.entries).map(([name, schema]) => ({
    name,
    type: typeOf(schema),
    fallback: defaultOf(schema),
    description: descriptionOf(schema),
  }));
}

function isFlag(name: string): boolean {
  return flagKeys.some((key) => key === name);
}

function typeOf(schema: SettingSchema): string {
  return v.getTitle(schema.wrapped) ?? schema.wrapped.type;
}

function defaultOf(schema: SettingSchema): string {
  const value: unknown = schema.default;
  if (value === undefined || (typeof value === 'object' && value !== null)) return '';
  return String(value);
}

/** @throws Error for a setting that nobody described */
function descriptionOf(schema: SettingSchema): string {
  const description = v.getDescription(schema.wrapped);
  if (description === undefined) throw new Error('a setting in settings.ts has no description');
  return description;
}
