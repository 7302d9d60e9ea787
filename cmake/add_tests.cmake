# Each tests/*_test.cpp is a GoogleTest program, and each tests/*_test.cu, which has kernels of its own.
# tests/executor_*_test.cpp test the executor itself.

file(GLOB test_sources CONFIGURE_DEPENDS tests/*_test.cpp tests/*_test.cu)
file(GLOB support_sources CONFIGURE_DEPENDS tests/support/*.cpp)
if(weft_device STREQUAL executor)
  list(FILTER support_sources EXCLUDE REGEX "_cuda\\.cpp$")
  file(GLOB kernel_tests CONFIGURE_DEPENDS tests/*_test.cu)
  set_source_files_properties(${kernel_tests} PROPERTIES LANGUAGE CXX)
  file(GLOB planted_bugs CONFIGURE_DEPENDS tests/planted_bugs/*.cpp)
  file(GLOB executor_tests CONFIGURE_DEPENDS tests/executor_*_test.cpp)
  set_property(SOURCE ${kernel_tests} ${planted_bugs} ${executor_tests}  # what has kernels of its own
    APPEND PROPERTY COMPILE_OPTIONS ${weft_kernel_options})
  if(NOT WEFT_RACE)
    list(FILTER test_sources EXCLUDE REGEX "/executor_race_[a-z_]*test\\.cpp$")
  endif()
else()
  list(FILTER support_sources EXCLUDE REGEX "_executor\\.cpp$")
  list(FILTER test_sources EXCLUDE REGEX "/executor_[^/]*$")
endif()

add_library(weft_test_support INTERFACE)
if(support_sources)
  add_library(weft_test_support_objects STATIC ${support_sources})
  target_include_directories(weft_test_support_objects PRIVATE .)
  target_include_directories(weft_test_support_objects SYSTEM PRIVATE ${WEFT_STB_INCLUDE})
  target_link_libraries(weft_test_support_objects PRIVATE weft weft_flags GTest::gtest ZLIB::ZLIB)
  target_link_libraries(weft_test_support INTERFACE weft_test_support_objects)
endif()
target_include_directories(weft_test_support INTERFACE .)
target_compile_definitions(weft_test_support INTERFACE WEFT_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
  WEFT_DATA_DIR="${PROJECT_SOURCE_DIR}/data")
target_link_libraries(weft_test_support INTERFACE weft weft_flags OpenMP::OpenMP_CXX GTest::gtest
  GTest::gtest_main)
target_compile_options(weft_test_support INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-O1>)  # a third of the time to compile of -O3

# Processes run side by side, so a waiting OpenMP thread must not spin.
include(GoogleTest)
foreach(source IN LISTS test_sources)
  cmake_path(GET source STEM name)
  add_executable(${name} ${source})
  target_link_libraries(${name} PRIVATE weft_test_support)
  gtest_discover_tests(${name} NO_PRETTY_VALUES DISCOVERY_TIMEOUT 120
    PROPERTIES TIMEOUT 600 ENVIRONMENT OMP_WAIT_POLICY=passive)
endforeach()
# A part of the lessons that no lesson shows all of.
target_sources(lesson_stop_test PRIVATE lessons/support/divergence.cpp)
target_include_directories(lesson_stop_test PRIVATE lessons)
if(TARGET training_step_bench)
  add_dependencies(training_step_bench_test training_step_bench)
endif()
if(weft_device STREQUAL executor)
  target_sources(executor_planted_bugs_test PRIVATE ${planted_bugs})
endif()

# Every public header, and every header of a kernel, compiles alone under g++.
file(GLOB_RECURSE public_headers CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR} include/weft/*.h)
file(GLOB kernel_headers CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR} kernels/*/*.h)
if(weft_device STREQUAL cuda)  # simt.h is CUDA there, and the kernels include it
  list(FILTER public_headers EXCLUDE REGEX "/simt(_host)?\\.h$")
endif()
set(header_sources "")
foreach(header IN LISTS public_headers kernel_headers)
  string(REPLACE "/" "_" name ${header})
  set(source ${PROJECT_BINARY_DIR}/headers_alone/${name}.cpp)
  string(REGEX REPLACE "^include/" "" header ${header})
  file(CONFIGURE OUTPUT ${source} CONTENT "#include \"${header}\"\n")
  list(APPEND header_sources ${source})
endforeach()
add_library(headers_alone OBJECT ${header_sources})
target_include_directories(headers_alone PRIVATE include .)
target_link_libraries(headers_alone PRIVATE weft_flags)
