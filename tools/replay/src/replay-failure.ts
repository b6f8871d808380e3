/** An expected failure with a one-line message for people. */
export class ReplayFailure extends Error {
  override readonly name = 'ReplayFailure';
  /** 1: the replay failed; 2: invalid arguments. */
  readonly exitStatus: 1 | 2;

  constructor(message: string, exitStatus: 1 | 2 = 1) {
    super(message);
    this.exitStatus = exitStatus;
  }
}
