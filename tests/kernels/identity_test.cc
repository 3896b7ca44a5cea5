// The identity contract: a row's bits depend on that row alone, and not on the instruction set or
// the threads.
#include <gmock/gmock.h>

#include <iostream>
#include <memory>

#include "base/error.h"
#include "tests/kernels/layer_testing.h"

namespace reckon::testing {
namespace {

constexpr int kMostRows = 200;

std::vector<std::string> cut_rows(const Tensor& x, size_t rows) {
  const int64_t width = x.size() / static_cast<int64_t>(rows);
  std::vector<std::string> out;
  for (size_t i = 0; i < rows; ++i) out.push_back(x.slice(static_cast<int64_t>(i) * width, width));
  return out;
}

RowKernel mlp_rows(const KernelTable& kernels, ThreadPool& pool, const TestLayer& layer) {
  return [&, x = layer.source(kMostRows, layer.shape.hidden)](const std::vector<int>& rows) {
    const MlpResult r = run_mlp(kernels, pool, layer, x.gather(rows, layer.shape.hidden));
    std::vector<std::string> out = cut_rows(r.out, rows.size());
    const std::vector<std::string> h = cut_rows(r.h, rows.size());
    for (size_t i = 0; i < out.size(); ++i) out[i] += h[i];
    return out;
  };
}

RowKernel moe_rows(const KernelTable& kernels, ThreadPool& pool, const TestLayer& layer) {
  return [&, x = layer.source(kMostRows, layer.shape.hidden)](const std::vector<int>& rows) {
    const MoeResult r = run_moe(kernels, pool, layer, x.gather(rows, layer.shape.hidden));
    std::vector<std::string> out = cut_rows(r.out, rows.size());
    for (size_t i = 0; i < out.size(); ++i) {
      out[i] += bytes_of(r.probabilities.data() + i * static_cast<size_t>(layer.shape.experts),
                         layer.shape.experts);
      out[i] +=
          bytes_of(r.ids.data() + i * static_cast<size_t>(layer.shape.top_k), layer.shape.top_k);
    }
    return out;
  };
}

// Half of the rows score, half sample, with and without filters.
RowKernel head_rows(const KernelTable& kernels, ThreadPool& pool, const TestLayer& layer) {
  return [&, x = layer.source(kMostRows, layer.shape.hidden)](const std::vector<int>& rows) {
    std::vector<HeadQuery> queries;
    for (size_t i = 0; i < rows.size(); ++i) {
      HeadQuery query{.row = static_cast<int32_t>(i),
                      .key = test_key(static_cast<uint64_t>(rows[i]))};
      if (rows[i] % 2 == 0) query.target = rows[i] % layer.shape.vocab;
      if (rows[i] % 4 == 1) query.top_p = 0.9f;
      queries.push_back(query);
    }
    const HeadResult r =
        run_head(kernels, pool, layer, x.gather(rows, layer.shape.hidden), queries);
    std::vector<std::string> out;
    for (const HeadAnswer& answer : r.answers) out.push_back(bytes_of(&answer, 1));
    return out;
  };
}

// Each row is the token at position `row % 40` of a sequence of its own, whose earlier keys a call
// before has written.
RowKernel attention_rows(const KernelTable& kernels, ThreadPool& pool, const TestLayer& layer) {
  auto pages = std::make_shared<TestPages>(layer.shape, layer.dtype, 3 * kMostRows);
  auto ids = std::make_shared<std::vector<int32_t>>(first_rows(3 * kMostRows));
  const auto place = [ids](int row, int position) {
    return RowPlace{position, {{0, position + 1, ids->data() + 3 * row}}};
  };
  auto written = std::make_shared<std::vector<bool>>(kMostRows);
  const auto write_earlier_keys = [&, pages, place, written](int row) {
    if ((*written)[static_cast<size_t>(row)] || row % 40 == 0) return;
    (*written)[static_cast<size_t>(row)] = true;
    std::vector<RowPlace> places;
    for (int i = 0; i < row % 40; ++i) places.push_back(place(row, i));
    const auto stream = static_cast<uint64_t>(1000 + row);
    run_attention(kernels, pool, layer, layer.source(row % 40, layer.shape.hidden, stream), places,
                  *pages);
  };
  return [&, pages, ids, place, write_earlier_keys,
          x = layer.source(kMostRows, layer.shape.hidden)](const std::vector<int>& rows) {
    std::vector<RowPlace> places;
    for (int row : rows) {
      write_earlier_keys(row);
      places.push_back(place(row, row % 40));
    }
    const AttentionResult r =
        run_attention(kernels, pool, layer, x.gather(rows, layer.shape.hidden), places, *pages);
    std::vector<std::string> out;
    for (size_t i = 0; i < rows.size(); ++i) out.push_back(r.row(static_cast<int>(i), layer.shape));
    return out;
  };
}

using MakeRows = RowKernel (*)(const KernelTable&, ThreadPool&, const TestLayer&);
constexpr MakeRows kAllKernels[] = {mlp_rows, moe_rows, head_rows, attention_rows};

class Identity : public EveryProfile {};
RECKON_EVERY_PROFILE(Identity);

TEST_P(Identity, ARowsBitsDependOnThatRowAlone) {
  ThreadPool pool(2);
  for (DType dtype : dtypes()) {
    const TestLayer layer({}, dtype);
    for (MakeRows make : kAllKernels) {
      EXPECT_EQ(find_row_dependence(make(kernels(), pool, layer), sweep_counts()), std::nullopt)
          << dtype_name(dtype);
    }
  }
}

TEST_P(Identity, ARowsBitsDependOnThatRowAloneOnEveryInstructionSet) {
  ThreadPool pool(1);
  const TestLayer layer({}, DType::bf16);
  for (Isa isa : isas()) {
    for (MakeRows make : kAllKernels) {
      EXPECT_EQ(find_row_dependence(make(cpu_kernels(GetParam(), isa), pool, layer),
                                    {1, 2, 3, 5, 6, 7, 13, 40}),
                std::nullopt);
    }
  }
}

// Wide enough that the threads share the panels of few rows, and the rows of few panels.
TEST_P(Identity, ThreadsDoNotShowInTheBits) {
  ThreadPool one(1), two(2), three(3);
  for (DType dtype : dtypes()) {
    const TestLayer layer(
        {.hidden = 256, .heads = 6, .kv_heads = 2, .head_dim = 32, .ffn = 1100, .vocab = 2500},
        dtype);
    for (MakeRows make : {mlp_rows, moe_rows, head_rows}) {
      for (int rows : {1, 7, 64, 200}) {
        const std::vector<std::string> expected = make(kernels(), one, layer)(first_rows(rows));
        EXPECT_EQ(make(kernels(), two, layer)(first_rows(rows)), expected);
        EXPECT_EQ(make(kernels(), three, layer)(first_rows(rows)), expected);
      }
    }
  }
}

const LayerShape kOddShape{.hidden = 37,
                           .heads = 3,
                           .kv_heads = 1,
                           .head_dim = 22,
                           .ffn = 51,
                           .experts = 7,
                           .top_k = 3,
                           .vocab = 413};

TEST_P(Identity, EveryInstructionSetGivesTheSameBits) {
  if (isas().size() == 1) GTEST_SKIP() << "this machine has only scalar kernels";
  if (!isa_available(Isa::avx512))
    std::cerr << "no AVX-512 here: only scalar and AVX2 are compared\n";
  ThreadPool pool(1);
  const LayerShape wide{.hidden = 128, .heads = 4, .kv_heads = 2, .head_dim = 64, .ffn = 96};
  for (const LayerShape& shape : {LayerShape{}, kOddShape, wide}) {
    for (DType dtype : dtypes()) {
      const TestLayer layer(shape, dtype);
      for (MakeRows make : kAllKernels) {
        const std::vector<std::string> scalar =
            make(cpu_kernels(GetParam(), Isa::scalar), pool, layer)(first_rows(41));
        for (Isa isa : isas()) {
          const KernelTable& table = cpu_kernels(GetParam(), isa);
          EXPECT_EQ(make(table, pool, layer)(first_rows(41)), scalar) << table.isa;
        }
      }
    }
  }
}

TEST(Profiles, AgreeInF32) {
  ThreadPool pool(1);
  const TestLayer layer(kOddShape, DType::f32);
  for (MakeRows make : kAllKernels) {
    EXPECT_EQ(make(widest(), pool, layer)(first_rows(41)),
              make(widest(Profile::avx512bf16), pool, layer)(first_rows(41)));
  }
}

// In logits, which are not rounded to bf16.
TEST(Profiles, DifferInBf16) {
  ThreadPool pool(1);
  const TestLayer layer(kOddShape, DType::bf16);
  const Tensor x = layer.source(9, layer.shape.hidden);
  EXPECT_FALSE(bytes_of(run_head(widest(), pool, layer, x, {}, true).logits) ==
               bytes_of(run_head(widest(Profile::avx512bf16), pool, layer, x, {}, true).logits));
}

TEST(Profiles, HaveNames) {
  for (Profile profile : profiles()) {
    EXPECT_EQ(parse_profile(profile_name(profile)), profile);
    for (Isa isa : isas()) EXPECT_EQ(cpu_kernels(profile, isa).profile, profile);
  }
  EXPECT_EQ(parse_profile("mma@9.0"), std::nullopt);
  EXPECT_EQ(&cpu_kernels(detect_isa()), &widest(Profile::portable));
}

TEST_P(Identity, AllTablesHaveOneNumericsId) {
  const NumericsId scalar = numerics_id(cpu_kernels(GetParam(), Isa::scalar));
  EXPECT_EQ(scalar.profile, profile_name(GetParam()));
  EXPECT_EQ(scalar.contract, kContractVersion);
  for (Isa isa : isas()) {
    const KernelTable& table = cpu_kernels(GetParam(), isa);
    EXPECT_EQ(numerics_id(table), scalar) << table.isa;
  }
}

// Stored trajectories carry these digests. When a change of the kernels is meant to change bits,
// raise kContractVersion and write the new digests here.
TEST_P(Identity, TheBitsOfContractVersionOneArePinned) {
  const NumericsId id = numerics_id(kernels());
  EXPECT_EQ(id.contract, 1);
  EXPECT_EQ(id.digest.text(), GetParam() == Profile::portable ? "b51ef3f24fdd24d88a9c30d2c8de7115"
                                                              : "bf0cc692589330d9aec2cfed9da76f32");
}

TEST_P(Identity, ATableTheMachineLacksIsRefused) {
  for (Isa isa : {Isa::avx2, Isa::avx512, Isa::avx512bf16}) {
    if (!isa_available(isa)) {
      EXPECT_THROW(cpu_kernels(GetParam(), isa), Error);
    }
  }
  EXPECT_NO_THROW(cpu_kernels(GetParam(), detect_isa()));
}

// The anti-test: a linear that splits K in two when there are many rows, as a library would. The
// sweep must see it.
TEST(RowSweep, FindsALinearThatSplitsKByRowCount) {
  constexpr int kInputs = 40, kOutputs = 16;
  const Tensor x = Tensor::random(DType::f32, kMostRows * kInputs, 1, 1),
               w = Tensor::random(DType::f32, kOutputs * kInputs, 1, 2);
  const auto linear = [&](const std::vector<int>& rows, bool split) {
    std::vector<std::string> out;
    for (int row : rows) {
      float y[kOutputs];
      for (int n = 0; n < kOutputs; ++n) {
        float parts[2] = {0, 0};
        for (int k = 0; k < kInputs; ++k) {
          float& part = parts[split && k >= kInputs / 2];
          part = std::fmaf(x.get(row * kInputs + k), w.get(n * kInputs + k), part);
        }
        y[n] = parts[0] + parts[1];
      }
      out.push_back(bytes_of(y, kOutputs));
    }
    return out;
  };
  const RowKernel honest = [&](const std::vector<int>& rows) { return linear(rows, false); };
  const RowKernel broken = [&](const std::vector<int>& rows) {
    return linear(rows, rows.size() > 64);
  };
  EXPECT_EQ(find_row_dependence(honest, sweep_counts()), std::nullopt);
  const auto found = find_row_dependence(broken, sweep_counts());
  ASSERT_TRUE(found.has_value());
  EXPECT_THAT(*found, ::testing::HasSubstr("among 65"));
}

}  // namespace
}  // namespace reckon::testing
