/** The certificate child of eliotd: reads one request from stdin, answers on stdout, ends. */
import { text } from 'node:stream/consumers';
import type { IssueInput } from '../agent/pki/certificate-request.ts';
import { issueCertificates } from '../agent/pki/issue-certificates.ts';

const input = JSON.parse(await text(process.stdin)) as IssueInput;
process.stdout.write(JSON.stringify(await issueCertificates(input)));
