import { describeLedger } from './describe-ledger';
import { createFakeLedger } from './fake-ledger';

describeLedger('the fake ledger', async () => createFakeLedger());
