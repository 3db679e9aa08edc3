import { runLoad } from './load.ts';
import { answerParent } from './parent.ts';

// The load generator is a process of its own, so that its work is not counted as, or delayed by, that of the service.
answerParent(runLoad);
