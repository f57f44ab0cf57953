#pragma once
// Buckets, objects and unfinished multipart uploads, on disk:
//   BUCKET/bucket.json
//   BUCKET/objects/NAME.json   metadata of one object, and the name of its data file: the commit point
//   BUCKET/objects/NAME.N      its data; N is new for every replacement
//   BUCKET/uploads/ID/upload.json and NNNNN-MD5-CRC64 for each part
// NAME is the hex SHA-256 of the key. Metadata lives in memory too; data does not.

#include "tests/sandbox/file.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace sluice::sandbox {

/// Headers stored with an object and given back on reads, by lower-case name.
using StoredHeaders = std::map<std::string, std::string>;

struct Object {
  std::string data_file;
  std::uint64_t size = 0;
  std::string etag;  // without quotes
  std::string md5;   // base64; empty unless the object is Normal
  std::uint64_t crc = 0;
  std::string type = "Normal";
  std::int64_t modified_us = 0;
  StoredHeaders headers;
};

struct Part {
  std::string file;
  std::uint64_t size = 0;
  std::string etag;
  std::uint64_t crc = 0;
  std::int64_t modified_us = 0;
};

struct Upload {
  std::string key;
  StoredHeaders headers;
  std::int64_t initiated_us = 0;
  std::map<int, Part> parts;
};

class Bucket {
 public:
  Bucket(std::filesystem::path folder, std::string acl, std::int64_t created_us);
  /// Loads what is there.
  explicit Bucket(std::filesystem::path folder);

  const std::string& acl() const { return acl_; }
  std::int64_t created_us() const { return created_us_; }
  const std::map<std::string, Object>& objects() const { return objects_; }
  const std::map<std::string, Upload>& uploads() const { return uploads_; }
  bool empty() const { return objects_.empty() && uploads_.empty(); }
  const Object* find(const std::string& key) const;
  std::shared_ptr<const File> open(const Object& object) const;

  /// A data file for a new version of the object; it counts only once put() names it.
  std::string new_data_file(const std::string& key) const;
  std::filesystem::path data_path(const std::string& data_file) const;
  /// Makes the object be `object` in one step; the data file it had goes away.
  void put(const std::string& key, Object object);
  void erase(const std::string& key);

  std::string start_upload(Upload upload);
  /// Throws OssError NoSuchUpload, also if the upload belongs to another key.
  Upload& upload(const std::string& id, const std::string& key);
  void put_part(const std::string& id, int number, std::string_view data);
  File open_part(const std::string& id, const Part& part) const;
  void end_upload(const std::string& id);
  /// Removes the files of the bucket.
  void destroy();

 private:
  void load_objects();
  void load_uploads();

  std::filesystem::path folder_;
  std::string acl_;
  std::int64_t created_us_ = 0;
  std::map<std::string, Object> objects_;
  std::map<std::string, Upload> uploads_;
};

class ObjectStore {
 public:
  explicit ObjectStore(std::filesystem::path folder);

  /// Of the service's clock against the machine's: dates of answers, skew and expiry of requests.
  std::int64_t clock_offset_us = 0;
  std::int64_t now_us() const;

  const std::map<std::string, Bucket>& buckets() const { return buckets_; }
  Bucket* find(const std::string& name);
  /// Throws OssError NoSuchBucket.
  Bucket& at(const std::string& name);
  Bucket& create(const std::string& name, const std::string& acl);
  void erase(const std::string& name);

 private:
  std::filesystem::path folder_;
  std::map<std::string, Bucket> buckets_;
};

}  // namespace sluice::sandbox
