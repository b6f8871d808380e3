import ipaddr from 'ipaddr.js';
import { lookup as systemLookup, type LookupAddress, type LookupOptions } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { buildConnector } from 'undici';

/** The host is, or resolves to, an address that destinations may not use. */
export class AddressRefusedError extends Error {}

/** The connection could not be made: nothing was sent. */
export class ConnectError extends Error {
  constructor(cause: unknown) {
    super('The connection could not be made', { cause });
  }
}

export type Resolve = (
  hostname: string,
  options: LookupOptions & { all: true },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/** The settings for connections: plain ones, or guarded ones that reach public addresses only. */
export type ConnectorOptions = { readonly allowPrivateNetwork: boolean; readonly timeoutMs: number; readonly resolve?: Resolve };

/**
 * Makes undici's connector. The guard checks the addresses that are about to be connected to, not the name:
 * a name that passed an earlier check may resolve to another address by now (DNS rebinding).
 */
export function createConnector({
  allowPrivateNetwork,
  timeoutMs,
  resolve = systemLookup,
}: ConnectorOptions): buildConnector.connector {
  const options = { timeout: timeoutMs, allowH2: false, lookup: createLookup(resolve, allowPrivateNetwork) };
  const connect = buildConnector(options);
  return (target, callback) => {
    // A host that is an address is never looked up.
    if (!allowPrivateNetwork && isIP(target.hostname) !== 0 && !isPublicAddress(target.hostname)) {
      callback(new ConnectError(refuse(target.hostname)), null);
      return;
    }
    connect(target, (...[error, socket]) => {
      if (error) callback(new ConnectError(error), null);
      else callback(null, socket);
    });
  };
}

/** Public addresses at which a cloud (Azure) serves metadata and credentials to its own machines. */
const metadataAddresses = ['168.63.129.16'];

/** Whether an address belongs to the public internet. IPv4-mapped IPv6 addresses are unwrapped first. */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.process(address);
  if (parsed.range() !== 'unicast' || metadataAddresses.includes(parsed.toString())) return false;
  // The rest of IPv6 is unassigned, and its old forms embed IPv4 addresses.
  return parsed instanceof ipaddr.IPv4 || parsed.match(ipaddr.parseCIDR('2000::/3'));
}

function createLookup(resolve: Resolve, allowPrivateNetwork: boolean): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, '', 0);
      // One refused address among good ones refuses the host: the next try may connect to it.
      const refused = allowPrivateNetwork ? undefined : addresses.find(({ address }) => !isPublicAddress(address));
      if (refused) return callback(refuse(refused.address), '', 0);
      if (options.all) return callback(null, addresses);
      const [first] = addresses;
      if (!first) return callback(Object.assign(new Error('No address'), { code: 'ENOTFOUND' }), '', 0);
      callback(null, first.address, first.family);
    });
  };
}

const refuse = (address: string): AddressRefusedError =>
  new AddressRefusedError(`${address} is a private, loopback, link-local, metadata or reserved address`);
