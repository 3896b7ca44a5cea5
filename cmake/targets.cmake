# reckon_library(base SOURCES a.cc ... LINK target ...): the one library of a folder.
function(reckon_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
  add_library(reckon_${name} STATIC ${ARG_SOURCES})
  target_include_directories(reckon_${name} PUBLIC ${CMAKE_SOURCE_DIR})
  target_link_libraries(reckon_${name} PUBLIC ${ARG_LINK})
endfunction()

# reckon_test(name unit|process SOURCES ... LINK ...): a GoogleTest program, labelled for `./reckon test unit`.
function(reckon_test name label)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_LINK} GTest::gmock GTest::gtest_main)
  target_compile_definitions(${name} PRIVATE
    RECKON_SOURCE_DIR="${CMAKE_SOURCE_DIR}" RECKON_BINARY_DIR="${CMAKE_BINARY_DIR}/bin")
  add_test(NAME ${name} COMMAND ${name} WORKING_DIRECTORY ${CMAKE_BINARY_DIR})
  set_tests_properties(${name} PROPERTIES LABELS ${label} TIMEOUT 900)
endfunction()
