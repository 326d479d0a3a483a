import { storeSuite } from '../testing/store-suite.ts';
import { MemoryStore } from './memory-store.ts';

storeSuite('MemoryStore', async () => new MemoryStore({ history: { maxChanges: 64, maxBytes: 64 * 1024 } }));
