// What this host offers for isolation, found by trying, in child processes; nothing is left behind.
// For `reckon doctor sandbox` and for the launcher, which refuses to go without what nobody allowed
// to be missing.
//
//   HostReport host = probe_host({});
//   for (const HostFeature& feature : host.features) ...
#pragma once

#include <string>
#include <vector>

#include "sandbox/options.h"

namespace reckon {

struct HostFeature {
  std::string name;  // as in `allow_missing` where it may be missing
  bool present = false;
  bool may_be_missing = false;
  std::string detail;   // what was found
  std::string meaning;  // what its absence means
};

struct HostReport {
  std::vector<HostFeature> features;
  const HostFeature& find(const std::string& name) const;
  bool has(const std::string& name) const { return find(name).present; }
  std::vector<std::string> missing() const;
};

// `pretend`: names to report as missing.
HostReport probe_host(const std::vector<std::string>& pretend);

// Error(unavailable) names what is missing and not allowed to be; Error(config) a name in `allow`
// that nothing has.
void require(const HostReport& host, const std::vector<std::string>& allow);

}  // namespace reckon
