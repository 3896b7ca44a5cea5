// A source that keeps nothing alive: what a synchronous run uses.
#include "pipeline/weight_source.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "tests/rollout/tiny_model.h"

namespace reckon {
namespace {

TEST(WeightSourceThatKeepsNone, GivesTheNewestWhileItsPublisherHoldsIt) {
  SharedWeightSource source(0);
  const ModelSpec spec = tiny_spec(false);
  auto first = tiny_weights(spec, DType::f32, 1);
  const WeightsId first_id = first->id();
  source.publish(first);
  EXPECT_EQ(source.pull(first_id, {}), first);
  EXPECT_EQ(first.use_count(), 1);
  first.reset();
  EXPECT_EQ(source.pull(first_id, {}), nullptr);  // gone: too old

  auto second = tiny_weights(spec, DType::f32, 2);
  source.publish(second);
  EXPECT_EQ(source.pull(second->id(), {}), second);
  EXPECT_EQ(source.pull(first_id, {}), nullptr);
  EXPECT_THROW(source.pull({Version{2}, Digest{1, 2}}, {}), Error);  // of another learner
}

}  // namespace
}  // namespace reckon
