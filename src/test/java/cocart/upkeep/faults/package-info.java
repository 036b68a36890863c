/** What tests of faults need: servers and networks that fail on purpose, and a look at snapshots by other eyes. */
package cocart.upkeep.faults;
