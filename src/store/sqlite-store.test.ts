import { StoreDirectory } from '../testing/store-directory.ts';
import { storeSuite } from '../testing/store-suite.ts';

storeSuite('SqliteStore', async () => {
  const directory = new StoreDirectory();
  const { store } = await directory.open();
  const close = store.close.bind(store);
  store.close = async () => {
    await close();
    directory.remove();
  };
  return store;
});
