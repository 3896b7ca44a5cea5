// SIGINT and SIGTERM: the first asks the run to finish its step, the second ends the process at
// once (exit 130).
#pragma once

namespace reckon {

void install_interrupt_handler();
bool interrupted();

}  // namespace reckon
