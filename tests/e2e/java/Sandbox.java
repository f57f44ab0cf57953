import com.alicloud.openservices.tablestore.ClientConfiguration;
import com.alicloud.openservices.tablestore.SyncClient;
import com.alicloud.openservices.tablestore.TableStoreException;
import com.alicloud.openservices.tablestore.core.auth.DefaultCredentialProvider;
import com.alicloud.openservices.tablestore.core.auth.DefaultCredentials;
import com.alicloud.openservices.tablestore.core.auth.V4Credentials;
import com.alicloud.openservices.tablestore.model.DefaultRetryStrategy;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.concurrent.TimeUnit;

/** A running sandbox: clients of the SDK for it, and its interface of tests. */
final class Sandbox {
  private static final String ID = "sandbox-id";
  private static final String SECRET = "sandbox-secret";
  private static final String INSTANCE = "java";

  private final String endpoint;
  private final HttpClient http = HttpClient.newHttpClient();

  Sandbox(String endpoint) {
    this.endpoint = endpoint;
  }

  /** Checks MD5 and signature of every answer, and gives up soon. */
  private static ClientConfiguration strict() {
    ClientConfiguration configuration = new ClientConfiguration();
    configuration.setEnableResponseValidation(true);
    configuration.setEnableResponseContentMD5Checking(true);
    configuration.setRetryStrategy(new DefaultRetryStrategy(50, TimeUnit.MILLISECONDS));
    return configuration;
  }

  SyncClient client() {
    return new SyncClient(endpoint, ID, SECRET, INSTANCE, strict());
  }

  /** Signs with the secret of another. */
  SyncClient stranger() {
    return new SyncClient(endpoint, ID, "another", INSTANCE, strict());
  }

  /** Signs as version 4 does and deflates its requests. */
  SyncClient clientV4() {
    V4Credentials credentials =
        V4Credentials.createByServiceCredentials(new DefaultCredentials(ID, SECRET), "cn-hangzhou");
    ClientConfiguration deflating = strict();
    deflating.setEnableRequestCompression(true);
    return new SyncClient(endpoint, new DefaultCredentialProvider(credentials), INSTANCE, deflating, null);
  }

  /** Calls /_sandbox/NAME with a body written with single quotes; {@code @TABLE} stands for instance and table. */
  JsonObject call(String name, String body) {
    String json = body.replace('\'', '"').replaceAll("@(\\w+)", "\"instance\": \"" + INSTANCE + "\", \"table\": \"$1\"");
    HttpRequest request = HttpRequest.newBuilder(URI.create(endpoint + "/_sandbox/" + name))
        .POST(HttpRequest.BodyPublishers.ofString(json)).build();
    try {
      HttpResponse<String> answer = http.send(request, HttpResponse.BodyHandlers.ofString());
      if (answer.statusCode() != 200) throw new IllegalStateException(name + ": " + answer.body());
      var parsed = new JsonParser().parse(answer.body());
      return parsed.isJsonObject() ? parsed.getAsJsonObject() : new JsonObject();
    } catch (IOException | InterruptedException failure) {
      throw new IllegalStateException(name, failure);
    }
  }

  static void equal(Object found, Object expected) {
    if (!expected.equals(found)) throw new AssertionError(found + " instead of " + expected);
  }

  static void must(boolean condition, String what) {
    if (!condition) throw new AssertionError(what);
  }

  static void refused(int status, String code, Runnable action) {
    try {
      action.run();
    } catch (TableStoreException refusal) {
      equal(refusal.getHttpStatus() + " " + refusal.getErrorCode(), status + " " + code);
      return;
    }
    throw new AssertionError(code + " was expected");
  }
}
