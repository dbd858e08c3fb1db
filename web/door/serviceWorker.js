/** Offline use: a door goes on without a network, so that everything is kept at once, the decoder too. */

import { serveOffline } from '../ui/offline.js';

serveOffline({ domain: false });
