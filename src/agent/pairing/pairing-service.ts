/**
 * Pairs with people (docs/adr/0040): opens codes, answers exchanges, signs the certificates of who knew the code.
 *
 * Guaranteed: without an open code every exchange runs as with one, against a code that nobody knows, and ends in the same
 * words; a code works once; nothing secret is logged; a restart forgets the code.
 */
import { randomBytes } from 'node:crypto';
import { codeEntropyBytes, codeOf, showCode } from '../../api/pairing/code.ts';
import {
  type CertificateAnswer,
  type CertificateRequest,
  type CodeAnswer,
  type CodeRequest,
  isProven,
  type PairingKeys,
  type ProvenMessage,
  pairingInputs,
  pairingKeys,
  prove,
} from '../../api/pairing/exchange.ts';
import { problemOfPersonName } from '../../api/pairing/person-name.ts';
import { groupsOfPeople } from '../../apiserver/group-rules.ts';
import type { Pairing, PairingConnection } from '../../apiserver/pairing.ts';
import { createShare } from '../../lib/cpace/cpace.ts';
import { StatusError } from '../../lib/status-error.ts';
import type { IssuedCertificate, SignRequest } from '../pki/certificate-request.ts';
import { BlockedPairing, type BlockedPairingDeps } from './blocked-pairing.ts';
import {
  beginTry,
  codeLifetimeMs,
  isAlive,
  noCode,
  openCode,
  type PairingState,
  type Try,
  useCode,
} from './pairing-code.ts';
import { problemOfTakenName } from './taken-name.ts';

export interface PairingDeps extends BlockedPairingDeps {
  readonly nodeName: string;
  /** `HOST:PORT` by which others reach the device, the likeliest first. */
  readonly addresses: () => readonly string[];
  readonly ca: IssuedCertificate;
  readonly sign: SignRequest;
  /** Those who are let in now. */
  readonly people: () => readonly { readonly name: string; readonly groups: readonly string[] }[];
  /** Adds a certificate to those that are let in. */
  readonly admit: (cert: string, name: string, groups: readonly string[]) => Promise<unknown>;
}

/** An exchange between its two messages. */
interface Exchange {
  readonly keys: PairingKeys;
  /** Undefined when there was no code to try: it fails whatever comes. */
  readonly begun: Try | undefined;
}

export class PairingService implements Pairing {
  readonly #deps: PairingDeps;
  readonly #exchanges = new WeakMap<object, Exchange | 'over'>();
  readonly #blocked: BlockedPairing;
  #state: PairingState = noCode;

  constructor(deps: PairingDeps) {
    this.#deps = deps;
    this.#blocked = new BlockedPairing(deps);
  }

  openCode(request: CodeRequest): CodeAnswer {
    const { clock, log, nodeName, addresses, people } = this.#deps;
    checkGrant(request);
    const { groups, name } = request;
    const problem = name === undefined ? undefined : problemOfTakenName(name, groups, people());
    if (problem !== undefined) {
      const what = `"${name}" cannot be the name of this person: it ${problem}`;
      throw new StatusError('Invalid', `${what}; choose another, or delete that client before`);
    }
    const code = codeOf(randomBytes(codeEntropyBytes));
    const opened = openCode(this.#state, { code, grant: { groups, name } }, clock.monotonicMs());
    if ('lockedForMs' in opened) {
      const seconds = Math.ceil(opened.lockedForMs / 1000);
      throw new StatusError(
        'TooManyRequests',
        `pairing is locked for ${seconds} more seconds: all tries of the last code were spent`,
        { details: { retryAfterSeconds: seconds } },
      );
    }
    this.#state = opened.state;
    log.info('pairing code opened', { groups, ...(name === undefined ? {} : { name }) });
    const expiresInSeconds = codeLifetimeMs / 1000;
    return { code: showCode(code), expiresInSeconds, nodeName, groups, addresses: addresses() };
  }

  beginExchange({ id, binding, peer }: PairingConnection, share: Buffer): Buffer {
    if (this.#exchanges.has(id)) throw new StatusError('BadRequest', 'a connection is for one exchange');
    this.#exchanges.set(id, 'over');
    const begun = this.#beginTry(peer);
    // One that nobody knows: what is answered must not tell whether a code is open.
    const code = begun?.code.code ?? codeOf(randomBytes(codeEntropyBytes));
    const inputs = pairingInputs(code, binding);
    const own = createShare(inputs);
    const keys = pairingKeys(inputs, own, share, 'eliotd');
    if (keys === undefined) throw new StatusError('BadRequest', 'the share is not one of an exchange');
    this.#exchanges.set(id, { keys, begun });
    return own.share;
  }

  async finishExchange(
    { id, peer }: PairingConnection,
    message: ProvenMessage,
    signal: AbortSignal,
  ): Promise<ProvenMessage> {
    const { clock, log } = this.#deps;
    const exchange = this.#exchanges.get(id);
    this.#exchanges.set(id, 'over');
    if (exchange === undefined || exchange === 'over') throw refused();
    const { keys, begun } = exchange;
    const proven = isProven(keys.eli, message);
    // Without a code there was nothing to guess, and anybody may knock as often as he likes: that fills no log.
    if (begun === undefined) throw refused();
    if (!proven || !isAlive(this.#state, begun, clock.monotonicMs())) {
      log.warn('pairing refused', { peer });
      throw refused();
    }
    // Before anything is waited for: a code works once.
    this.#state = useCode();
    const answer = await this.#admit(message, begun, signal);
    log.info('paired', { peer, name: answer.name, groups: answer.groups });
    return prove(keys.eliotd, answer);
  }

  turnedAway(peer: string): void {
    this.#blocked.turnedAway(peer);
  }

  #beginTry(peer: string): Try | undefined {
    const { clock, log, warnNode } = this.#deps;
    const { state, begun } = beginTry(this.#state, clock.monotonicMs());
    this.#state = state;
    if (begun === undefined) return undefined;
    const triesLeft = begun.code.triesLeft - 1;
    log.info('pairing begun', { peer, triesLeft });
    if (triesLeft === 0) {
      warnNode('PairingLocked', `All tries of the pairing code were spent, the last one from ${peer}`);
    }
    return begun;
  }

  async #admit({ payload }: ProvenMessage, { code }: Try, signal: AbortSignal): Promise<CertificateAnswer> {
    const { ca, sign, admit, people, nodeName } = this.#deps;
    const { groups, name: commonName } = code.grant;
    const { request } = JSON.parse(payload) as CertificateRequest;
    const signed = await sign({ ca, request: String(request), commonName, organizations: groups }, signal);
    if ('problem' in signed) throw new StatusError('Invalid', `the certificate request ${signed.problem}`);
    const problem = problemOfTakenName(signed.commonName, groups, people());
    if (problem !== undefined) {
      const what = `"${signed.commonName}" cannot be your name on this device: it ${problem}`;
      throw new StatusError('Invalid', `${what}; choose another with --name, and use a new code`);
    }
    await admit(signed.cert, signed.commonName, groups);
    return { certificate: signed.cert, authority: ca.cert, nodeName, name: signed.commonName, groups };
  }
}

/** The same words whether the code was wrong, has expired, was used, was never there. */
function refused(): StatusError {
  return new StatusError(
    'Unauthorized',
    'the code is wrong or no longer good: it lasts 5 minutes and 5 tries, and works once',
  );
}

function checkGrant({ groups, name }: CodeRequest): void {
  const problem = name === undefined ? undefined : problemOfPersonName(name);
  if (problem !== undefined)
    throw new StatusError('Invalid', `"${name}" cannot be the name of a person: it ${problem}`);
  if (groups.length === 0) throw new StatusError('Invalid', 'a person has at least one group');
  const wrong = groups.find((group) => !groupsOfPeople.includes(group));
  if (wrong !== undefined) {
    const known = groupsOfPeople.join(', ');
    throw new StatusError('Invalid', `no group "${wrong}" may do anything here; there are: ${known}`);
  }
  if (new Set(groups).size < groups.length) throw new StatusError('Invalid', 'a group is named twice');
}
