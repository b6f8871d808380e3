import type { Settlement } from '@orderly/jobs';

/** What a delivery knows of its own claim. */
export interface LiveClaim {
  /** The effect may have left. Set until the claim is settled. */
  hasBegun: boolean;
  /** What is left to write where the ledger refused every settlement so far. */
  lastResort?: Settlement;
}

/**
 * The claims that this process works on, by their tokens. Whatever else the ledger holds for this process, nobody works on: a
 * claim whose answer was lost, or one that could not be settled.
 */
export interface LiveClaims {
  /** Call it before the claim is sent: the ledger knows the token before its answer arrives. */
  enter(token: string): LiveClaim;
  /** The delivery has ended. If it left the claim unsettled, what it knew is kept. */
  leave(token: string): void;
  /** The tokens of all live claims, as they are now. */
  live(): ReadonlySet<string>;
  /** The tokens of claims that were left unsettled. */
  unsettled(): readonly string[];
  /** What the delivery knew of a claim that it left unsettled. */
  recall(token: string): LiveClaim | undefined;
  /** The ledger no longer holds this claim for the process. */
  forget(token: string): void;
}

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
