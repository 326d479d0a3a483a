/** The flags of `eli up`, as they are typed. */

export interface UpFlags {
  readonly directory?: string;
  readonly image?: string;
  readonly name?: string;
  readonly env?: readonly string[];
  readonly envFile?: readonly string[];
  readonly bind?: readonly string[];
  readonly mount?: readonly string[];
  readonly workdir?: string;
  readonly sync?: readonly string[];
  readonly ignore?: readonly string[];
  readonly port?: readonly string[];
  readonly device?: readonly string[];
  readonly privileged?: boolean;
  readonly cpus?: string;
  readonly memory?: string;
  readonly limit?: readonly string[];
  readonly network?: string;
  readonly imagePull?: string;
  readonly onChange?: string;
  readonly twoWay?: boolean;
  readonly stopTimeout?: string;
  readonly lease?: string;
  readonly keep?: boolean;
  readonly takeOver?: boolean;
  readonly init?: boolean;
  readonly dryRun?: string | boolean;
}
