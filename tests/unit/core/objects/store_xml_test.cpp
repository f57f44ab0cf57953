#include "core/objects/store_xml.hpp"

#include "tests/support/catch_result.hpp"

#include <catch2/catch.hpp>

using namespace sluice;

TEST_CASE("xml is read by local name with entities and CDATA decoded", "[xml]") {
  const auto root = objects::parse_xml(
      "\xef\xbb\xbf<?xml version=\"1.0\"?><!-- a > b --><o:R xmlns:o='x>y' b = \"c\">\n"
      "<A>a&lt;b&amp;c&#x4f60;&#65;</A><o:B><![CDATA[<&>]]></o:B><C/><D></D></o:R>\n");
  REQUIRE(root);
  CHECK(root->name == "R");
  CHECK(root->child_text("A") ==
        "a<b&c\xe4\xbd\xa0"
        "A");
  CHECK(root->child_text("B") == "<&>");
  CHECK(root->children.size() == 4);
  CHECK(root->child_text("none") == "");
}

TEST_CASE("xml that is broken, foreign or hostile is refused", "[xml]") {
  const std::string deep = [] {
    std::string text;
    for (int i = 0; i < 17; ++i) text += "<a>";
    for (int i = 0; i < 17; ++i) text += "</a>";
    return text;
  }();
  std::string many = "<a>";
  for (int i = 0; i < 200'001; ++i) many += "<b/>";
  many += "</a>";
  const std::string bad[] = {"",
                             "   ",
                             "text",
                             "<",
                             "<a",
                             "<a>",
                             "<a></b>",
                             "<a/><b/>",
                             "<a>&unknown;</a>",
                             "<a>&amp</a>",
                             "<a>&#0;</a>",
                             "<a>&#xD800;</a>",
                             "<a>&#x110000;</a>",
                             "<a b></a>",
                             "<a b=c></a>",
                             "<a b=\"c></a>",
                             "<!DOCTYPE a><a/>",
                             "<a/>x",
                             "</a>",
                             "<a></a b>",
                             "<a><![CDATA[x</a>",
                             "<!-- <a/>",
                             "<![CDATA[x]]><a/>",
                             "<a/><![CDATA[x]]>",
                             "<a>&#;</a>",
                             "<a>&#x;</a>",
                             "<a>&#65x;</a>",
                             "<a>&#-65;</a>",
                             "<a>&#xDFFF;</a>",
                             "<a>&#99999999999;</a>",
                             "<a>&AMP;</a>",
                             "< a/>",
                             "<a:/>",
                             "<b:!a/>",
                             "<b:?a/>",
                             "<a><1/></a>",
                             "<a><b:-c/></a>",
                             std::string("<a\0/>", 5),
                             deep,
                             many,
                             "<a>" + std::string(16 * 1024 * 1024, 'x') + "</a>"};
  for (const std::string& document : bad) {
    CAPTURE(document.substr(0, 60));
    const auto root = objects::parse_xml(document);
    REQUIRE_FALSE(root);
    CHECK(root.error().code() == Errc::corrupt);
  }
}

TEST_CASE("xml reader survives every truncation and every changed byte of a listing", "[xml]") {
  const std::string document =
      "<?xml version=\"1.0\"?><ListBucketResult xmlns=\"http://x\"><EncodingType>url</EncodingType>"
      "<IsTruncated>true</IsTruncated><NextMarker>a%2Fb</NextMarker><Contents><Key>a%2Fb</Key><Size>5</Size>"
      "<Owner><ID>&quot;1&quot;</ID></Owner></Contents></ListBucketResult>";
  for (std::size_t size = 0; size < document.size(); ++size) {
    CHECK_FALSE(objects::parse_object_page(document.substr(0, size)));
  }
  for (std::size_t at = 0; at < document.size(); ++at) {
    for (const char byte : {'<', '>', '&', ';', '/', '"', '%', '\0', '\xff'}) {
      std::string changed = document;
      changed[at] = byte;
      (void)objects::parse_object_page(changed);
      (void)objects::parse_upload_page(changed);
    }
  }
  CHECK(objects::parse_object_page(document));
}

TEST_CASE("xml listing of objects gives decoded names, sizes and the next marker", "[xml]") {
  const auto page = objects::parse_object_page(
      "<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>true</"
      "IsTruncated><Contents><Key>%E4%BD%A0%2B+"
      "</Key><Size>12</Size></Contents><Contents><Key>b</Key><Size>0</Size></Contents></ListBucketResult>");
  REQUIRE(page);
  REQUIRE(page->objects.size() == 2);
  CHECK(page->objects[0].name == "\xe4\xbd\xa0++");
  CHECK(page->objects[0].bytes == 12);
  CHECK(page->truncated);
  CHECK(page->next_marker == "b");

  const auto plain = objects::parse_object_page(
      "<ListBucketResult><Contents><Key>a%2Fb</Key><Size>1</Size></Contents></ListBucketResult>");
  REQUIRE(plain);
  CHECK(plain->objects[0].name == "a%2Fb");
  CHECK_FALSE(
      objects::parse_object_page("<ListBucketResult><Contents><Key>a</Key><Size>x</Size></Contents>"
                                 "</ListBucketResult>"));
  CHECK_FALSE(
      objects::parse_object_page("<ListBucketResult><EncodingType>url</EncodingType><Contents><Key>%4</Key>"
                                 "<Size>1</Size></Contents></ListBucketResult>"));
}

TEST_CASE("xml answers of another kind are refused by name", "[xml]") {
  const auto wrong = objects::parse_initiate_result("<Other><UploadId>1</UploadId></Other>");
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().message() == "read XML answer: expected InitiateMultipartUploadResult, got Other");
  CHECK_FALSE(objects::parse_initiate_result("<InitiateMultipartUploadResult/>"));
  const auto good = objects::parse_initiate_result(
      "<InitiateMultipartUploadResult><UploadId>ABC</UploadId></InitiateMultipartUploadResult>");
  REQUIRE(good);
  CHECK(*good == "ABC");
}

TEST_CASE("xml listings of S3: a plus is a space, and pages go on by token", "[xml]") {
  const std::string document =
      "<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>"
      "<NextContinuationToken>a+b%2F</NextContinuationToken>"
      "<Contents><Key>a+b%2Bc</Key><Size>7</Size></Contents></ListBucketResult>";
  const auto page = objects::parse_object_page(document, objects::NameCoding::form);
  REQUIRE(page);
  CHECK(page->next_token == "a+b%2F");
  CHECK(page->objects.at(0).name == "a b+c");
  CHECK(objects::parse_object_page(document)->objects.at(0).name == "a+b+c");
}

TEST_CASE("xml errors are read as single printable lines", "[xml]") {
  const auto error = objects::parse_error_document(
      "<Error><Code>AuthorizationHeaderMalformed</Code><Message>wrong\nregion</Message>"
      "<Region>eu-west-1</Region><RequestId>7F</RequestId></Error>");
  REQUIRE(error);
  CHECK(error->code == "AuthorizationHeaderMalformed");
  CHECK(error->message == "wrong region");
  CHECK(error->region == "eu-west-1");
  CHECK(error->request_id == "7F");
  CHECK_FALSE(objects::parse_error_document("<html>Bad Gateway</html>"));
  CHECK(objects::one_line(std::string(400, 'x')).size() == 300);
}

TEST_CASE("xml that completes an upload names its parts in order", "[xml]") {
  const std::vector<objects::Part> parts = {{1, "\"a\""}, {7, "b"}};
  CHECK(objects::completion_document(parts) ==
        "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>\"a\"</ETag></Part>"
        "<Part><PartNumber>7</PartNumber><ETag>b</ETag></Part></CompleteMultipartUpload>");
  for (const char* bad : {"", "<x", "a&b", ">"}) CHECK_FALSE(objects::is_usable_etag(bad));
}

TEST_CASE("xml entities stand for every kind of character", "[xml]") {
  const auto root = objects::parse_xml(
      "<a>&gt;&apos;&quot;&#x7f;&#x80;&#x7FF;&#x800;&#xD7FF;&#xE000;&#xffff;&#x10000;&#x10FFFF;</a>");
  REQUIRE(root);
  CHECK(root->text ==
        ">'"
        "\"\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf"
        "\xbf");
}

TEST_CASE("xml takes every kind of blank around and within tags", "[xml]") {
  const auto root = objects::parse_xml("\r\n\t <a\tb\n=\r'1'\t>\n<c\r/></a\n>\r\t");
  REQUIRE(root);
  CHECK(root->name == "a");
  CHECK(root->children.size() == 1);
}

TEST_CASE("xml listings with a name or a size that cannot be are refused", "[xml]") {
  const std::string start = "<ListMultipartUploadsResult><EncodingType>url</EncodingType><Upload><Key>";
  const std::string end = "</Key><UploadId>1</UploadId></Upload></ListMultipartUploadsResult>";
  REQUIRE(objects::parse_upload_page(start + "a%2Fb" + end));
  const auto wrong = objects::parse_upload_page(start + "a%2" + end);
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().message() == "read XML answer: a name is not percent-encoded as announced");
  for (const std::string size : {"", "-1", "1x", "18446744073709551616", " 1"}) {
    CAPTURE(size);
    const auto page = objects::parse_object_page("<ListBucketResult><Contents><Key>a</Key><Size>" + size +
                                                 "</Size></Contents></ListBucketResult>");
    REQUIRE_FALSE(page);
    CHECK(page.error().message() == "read XML answer: a size is not a number");
  }
}
