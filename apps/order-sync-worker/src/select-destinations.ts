import { ConfigurationError } from '@orderly/errors';
import type { Destination } from '@orderly/destinations';

/**
 * Returns the destinations that this process serves: all, or those that `ORDERLY_DESTINATIONS` names.
 * @throws ConfigurationError `configuration-invalid` if a name is not declared
 */
export function selectDestinations(
  declared: readonly Destination[],
  names: readonly string[] | undefined,
): readonly Destination[] {
  if (names === undefined) return declared;
  const unknown = names.filter((name) => declared.every((destination) => destination.name !== name));
  if (unknown.length > 0) {
    const known = declared.map(({ name }) => name).join(', ') || 'none';
    throw new ConfigurationError(
      'configuration-invalid',
      `ORDERLY_DESTINATIONS names ${unknown.join(', ')}, but the destinations file declares ${known}`,
    );
  }
  return declared.filter(({ name }) => names.includes(name));
}
