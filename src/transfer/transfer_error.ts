/** A transfer that cannot go on: a file, its content, or an operator who stopped it. The message is for the operator. */
export class TransferError extends Error {}

/** What was asked for cannot be done as it was asked: a flag or the configuration wants mending. */
export class TransferUsageError extends TransferError {}

/** The operator's signal. */
export class InterruptedError extends TransferError {
  constructor() {
    super("interrupted");
  }
}
