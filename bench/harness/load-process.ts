import { answerParent } from './parent.ts';
import { runLoad, type Load } from './load.ts';

// The load generator is a process of its own, so that its work is not counted as, or delayed by, that of the service.
answerParent(async (load: Load) => runLoad(load));
