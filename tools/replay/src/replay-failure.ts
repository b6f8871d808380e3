/** A reason to stop that is told to people in one line. */
export class ReplayFailure extends Error {
  override readonly name = 'ReplayFailure';
  /** 1: it did not work; 2: it was not asked for properly. */
  readonly exitStatus: 1 | 2;

  constructor(message: string, exitStatus: 1 | 2 = 1) {
    super(message);
    this.exitStatus = exitStatus;
  }
}
