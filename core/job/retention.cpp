#include "core/job/job.hpp"
#include "core/job/script.hpp"
#include "core/job/yaml_map.hpp"

namespace sluice::job {

Duration retention_warning(const Job& job) {
  const YamlNode* node = job.script == nullptr ? nullptr : job.script->reader.find("retentionWarning");
  if (node == nullptr || node->kind != YamlNode::Kind::scalar) return Duration(0);
  return parse_duration(node->text).value_or(Duration(0));
}

}  // namespace sluice::job
