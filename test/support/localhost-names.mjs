// For `node --import`: the emulator's queues have addresses below `.localhost`, which not every machine resolves.
import { interceptLocalhostDns } from 'fauxqs';

interceptLocalhostDns();
