import type { Settlement } from '@orderly/jobs';

/** What a delivery knows about its own claim. */
export interface LiveClaim {
  /** Whether the effect may have begun. Reset to false when the claim is settled. */
  hasBegun: boolean;
  /** The settlement that is still to be written, if the ledger refused all tries so far. */
  lastResort?: Settlement;
}

/**
 * The claims that this process works on, by token. Any other claim that the ledger holds for this process is abandoned: its
 * answer was lost, or it could not be settled.
 */
export interface LiveClaims {
  /** Adds a claim. Call it before the claim is sent: a claim that the ledger holds and that is missing here is given up. */
  enter(token: string): LiveClaim;
  /** Removes a claim when its delivery has ended. If it is unsettled, its facts are kept for {@link LiveClaims.recall}. */
  leave(token: string): void;
  /** A copy of the tokens of all live claims. */
  live(): ReadonlySet<string>;
  /** The tokens of claims whose delivery ended without settling them. */
  unsettled(): readonly string[];
  /** The facts about an unsettled claim. */
  recall(token: string): LiveClaim | undefined;
  /** Drops an unsettled claim, because the ledger no longer holds it for this process. */
  forget(token: string): void;
}

/** Creates the register of a process's claims. All its queues must share one. */
export function createLiveClaims(): LiveClaims {
  const live = new Map<string, LiveClaim>();
  const left = new Map<string, LiveClaim>();
  return {
    enter: (token) => {
      const claim: LiveClaim = { hasBegun: false };
      live.set(token, claim);
      return claim;
    },
    leave: (token) => {
      const claim = live.get(token);
      live.delete(token);
      if (claim?.hasBegun || claim?.lastResort) left.set(token, claim);
    },
    live: () => new Set(live.keys()),
    unsettled: () => [...left.keys()],
    recall: (token) => left.get(token),
    forget: (token) => void left.delete(token),
  };
}
