/** What the daemon and its certificate child say to each other: JSON on stdin, JSON on stdout. */

/** PEM of a certificate and of its PKCS#8 key. */
export interface IssuedCertificate {
  readonly cert: string;
  readonly key: string;
}

export interface CertificateRequest {
  readonly usage: 'server' | 'client';
  /** For a client this becomes the user name. */
  readonly commonName: string;
  /** For a client these become the groups. */
  readonly organizations: readonly string[];
  readonly dnsNames: readonly string[];
  readonly ips: readonly string[];
}

export interface IssueInput {
  /** The signing authority; made anew when absent. */
  readonly ca: IssuedCertificate | undefined;
  /** Common name of a new authority. */
  readonly authorityName: string;
  readonly requests: Readonly<Record<string, CertificateRequest>>;
}

export interface IssueOutput {
  readonly ca: IssuedCertificate;
  /** By the keys of `requests`. */
  readonly issued: Readonly<Record<string, IssuedCertificate>>;
}

/** How certificates are made: in a child process in production, in-process in a test. */
export type IssueCertificates = (input: IssueInput, signal: AbortSignal) => Promise<IssueOutput>;

/** Somebody else's key, to be signed for. */
export interface SignInput {
  readonly ca: IssuedCertificate;
  /** PKCS#10 request, PEM. */
  readonly request: string;
  /** Name of the client; that of the request when left out. */
  readonly commonName: string | undefined;
  /** Its groups, whatever the request says. */
  readonly organizations: readonly string[];
}

/** The certificate with the name in it, or why the request is not signed: words that follow "the certificate request". */
export type SignOutput = { readonly cert: string; readonly commonName: string } | { readonly problem: string };

/** How requests are signed: in a child process in production, in-process in a test. */
export type SignRequest = (input: SignInput, signal: AbortSignal) => Promise<SignOutput>;
