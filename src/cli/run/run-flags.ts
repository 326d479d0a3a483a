/** The flags of `eli run`, as they are typed. */

export interface RunFlags {
  readonly stdin?: boolean;
  readonly tty?: boolean;
  readonly detach?: boolean;
  readonly rm?: boolean;
  readonly name?: string;
  readonly label?: readonly string[];
  readonly env?: readonly string[];
  readonly envFile?: readonly string[];
  readonly bind?: readonly string[];
  readonly mount?: readonly string[];
  readonly workdir?: string;
  readonly entrypoint?: string;
  readonly user?: string;
  readonly hostname?: string;
  readonly device?: readonly string[];
  readonly privileged?: boolean;
  readonly capAdd?: readonly string[];
  readonly capDrop?: readonly string[];
  readonly readOnly?: boolean;
  readonly init?: boolean;
  readonly cpus?: string;
  readonly memory?: string;
  readonly limit?: readonly string[];
  readonly port?: readonly string[];
  readonly network?: string;
  readonly imagePull?: string;
  readonly restart?: string;
  readonly stopTimeout?: string;
  readonly lease?: string;
  readonly detachKeys?: string;
  readonly sigProxy?: boolean;
  readonly dryRun?: string | boolean;
}
