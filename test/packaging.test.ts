/** The systemd unit, read by systemd itself, and the file of settings, read by eliotd itself. */
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { loadSettings } from '../src/agent/settings/load-settings.ts';
import { run } from './support/command.ts';

const unit = readFileSync(join(import.meta.dirname, '../packaging/systemd/eliotd.service'), 'utf8');
const hasAnalyze = await run('systemd-analyze', ['--version']).then(
  ({ exitCode }) => exitCode === 0,
  () => false,
);

describe('the systemd unit', () => {
  const directory = mkdtempSync(join(tmpdir(), 'eliot-unit-'));
  after(() => rmSync(directory, { recursive: true, force: true }));

  /** What systemd says about `text`, with a program that exists in place of eliotd. */
  const verify = async (text: string): Promise<{ readonly exitCode: number; readonly stderr: string }> => {
    const program = join(directory, 'eliotd');
    writeFileSync(program, '#!/bin/sh\n');
    chmodSync(program, 0o755);
    const path = join(directory, 'eliotd.service');
    writeFileSync(path, text.replace(/^ExecStart=\S+/m, `ExecStart=${program}`));
    return run('systemd-analyze', ['verify', '--man=no', path]);
  };

  it('is one that systemd takes without a word', { skip: hasAnalyze ? false : 'no systemd-analyze here' }, async () => {
    assert.deepEqual(await verify(unit).then(({ exitCode, stderr }) => ({ exitCode, stderr })), {
      exitCode: 0,
      stderr: '',
    });
  });

  it('would be refused with an unknown setting', { skip: hasAnalyze ? false : 'no systemd-analyze here' }, async () => {
    const { stderr } = await verify(unit.replace(/^KillMode=.*/m, 'KillMode=nobody'));
    assert.match(stderr, /kill mode/i);
  });

  it('ends eliotd alone, and leaves the pods their cgroups and directories', () => {
    for (const line of ['KillMode=process', 'Delegate=yes', 'RuntimeDirectoryPreserve=yes']) {
      assert.match(unit, new RegExp(`^${line}$`, 'm'));
    }
  });

  it('opens its directories to nobody else, and never gives up', () => {
    for (const line of ['StateDirectoryMode=0700', 'RuntimeDirectoryMode=0700', 'StartLimitIntervalSec=0']) {
      assert.match(unit, new RegExp(`^${line}$`, 'm'));
    }
  });

  it('waits for no network, so that pods start without one', () => {
    assert.doesNotMatch(unit, /network(-online)?\.target/);
  });
});

describe('the file of settings', () => {
  const text = readFileSync(join(import.meta.dirname, '../packaging/eliotd.yaml'), 'utf8');
  const load = (content: string): object =>
    loadSettings({ args: ['--config', 'eliotd.yaml'], env: {}, readFile: () => content, hostname: 'device' });

  it('changes nothing as it comes', () => {
    assert.deepEqual(load(text), load(''));
  });

  it('shows only settings that eliotd takes', () => {
    const shown = text.replaceAll(/^# (?=\s*\w+:)/gm, '');
    const changed = load(shown) as Record<string, unknown>;
    assert.deepEqual([changed['nodeName'], changed['labels']], ['kitchen', { zone: 'ground-floor' }]);
  });
});
