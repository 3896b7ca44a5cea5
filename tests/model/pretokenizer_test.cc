#include "model/pretokenizer.h"

#include "model/unicode.h"
#include "tests/model/helpers.h"

namespace reckon {
namespace {

using Texts = std::vector<std::string>;

Texts split(std::vector<PretokenizerRule> rules, const std::string& text) {
  Pieces pieces;
  Pretokenizer(std::move(rules)).split(text, true, pieces);
  return {pieces.views.begin(), pieces.views.end()};
}

TEST(Pretokenizer, EveryBehaviourPutsAMatchWhereItBelongs) {
  auto at_dashes = [](Behaviour behaviour, bool invert = false) {
    return split({SplitRule{Pattern("-", "test"), behaviour, invert}}, "the-final--countdown");
  };
  EXPECT_EQ(at_dashes(Behaviour::removed), (Texts{"the", "final", "countdown"}));
  EXPECT_EQ(at_dashes(Behaviour::isolated), (Texts{"the", "-", "final", "-", "-", "countdown"}));
  EXPECT_EQ(at_dashes(Behaviour::merged_with_previous),
            (Texts{"the-", "final-", "-", "countdown"}));
  EXPECT_EQ(at_dashes(Behaviour::merged_with_next), (Texts{"the", "-final", "-", "-countdown"}));
  EXPECT_EQ(at_dashes(Behaviour::contiguous), (Texts{"the", "-", "final", "--", "countdown"}));
  EXPECT_EQ(at_dashes(Behaviour::removed, true), (Texts{"-", "-", "-"}));
}

TEST(Pretokenizer, ARuleLooksAtThePiecesOfTheOneBefore) {
  EXPECT_EQ(split({CharacterRule{&is_numeric, Behaviour::isolated},
                   SplitRule{Pattern(R"(\s+(?!\S)|\s+|\S+)", "test"), Behaviour::isolated}},
                  "a  12"),
            (Texts{"a", "  ", "1", "2"}));
}

TEST(Pretokenizer, MetaspaceReplacesAndPrepends) {
  using Prepend = MetaspaceRule::Prepend;
  EXPECT_EQ(split({MetaspaceRule{"_", Prepend::first, true}}, "a b"), (Texts{"_a", "_b"}));
  EXPECT_EQ(split({MetaspaceRule{"_", Prepend::never, false}}, "a b"), (Texts{"a_b"}));
}

TEST(Pretokenizer, WhiteSpaceIsUnicodesOwn) {
  const PretokenizerRule rule = SplitRule{Pattern(R"(\s)", "test"), Behaviour::removed};
  EXPECT_EQ(split({rule}, "a\u0085b\u3000c"), (Texts{"a", "b", "c"}));
  EXPECT_EQ(split({rule}, "a\u180eb"), (Texts{"a\u180eb"}));  // no longer a space
}

TEST(Unicode, ValidAndFinishedPrefixes) {
  EXPECT_EQ(valid_prefix("a\u00e9\xFFz"), 3u);
  EXPECT_EQ(valid_prefix("\xED\xA0\x80"), 0u);  // a surrogate
  EXPECT_EQ(valid_prefix("\xC0\x80"), 0u);      // an overlong form
  EXPECT_EQ(finished_prefix("ab\xF0\x9F\x9A"), 2u);
  EXPECT_EQ(finished_prefix("ab\xF0\x9F\x9A\x80"), 6u);
  EXPECT_EQ(finished_prefix("ab\xED\xA0"), 4u);  // nothing completes it
  EXPECT_EQ(finished_prefix("\x80\x80"), 2u);
}

TEST(Unicode, NormalForms) {
  EXPECT_EQ(normal_form("e\u0301 \u212b", NormalForm::nfc), "\u00e9 \u00c5");
  EXPECT_EQ(normal_form("\u00e9", NormalForm::nfd), "e\u0301");
  EXPECT_EQ(normal_form("\ufb01", NormalForm::nfc), "\ufb01");
  EXPECT_EQ(normal_form("\ufb01", NormalForm::nfkc), "fi");
}

}  // namespace
}  // namespace reckon
