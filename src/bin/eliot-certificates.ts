/** The certificate child of eliotd: reads one request from stdin, answers on stdout, ends. */
import { text } from 'node:stream/consumers';
import type { IssueInput, SignInput } from '../agent/pki/certificate-request.ts';
import { issueCertificates, signRequest } from '../agent/pki/issue-certificates.ts';

const input = JSON.parse(await text(process.stdin)) as IssueInput | SignInput;
const output = 'request' in input ? await signRequest(input) : await issueCertificates(input);
process.stdout.write(JSON.stringify(output));
