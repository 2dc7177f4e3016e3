# A client of the gem oauth2, which OmniAuth and Discourse use. It carries out the
# steps that it reads, one a line, as "code 1f2e...", and answers each with a line
# of JSON that has the tokens which it then holds.
require 'json'
require 'oauth2'
require 'oauth2/version'

$stdout.sync = true
client = OAuth2::Client.new(ENV['CLIENT_ID'], ENV['CLIENT_SECRET'],
                            site: ENV['SITE'], token_url: '/wp-json/moserver/token')
token = OAuth2::AccessToken.from_hash(client, refresh_token: ENV['REFRESH_TOKEN'])

steps = {
  'code' => ->(code) { token = client.auth_code.get_token(code, redirect_uri: ENV['REDIRECT_URI']) },
  'refresh' => -> { token = token.refresh! },
  'resource' => -> { { user: token.get('/wp-json/moserver/resource').parsed['username'] } }
}

# What a program can know of an error, in a few words.
def describe(error)
  return error.class.name unless error.is_a?(OAuth2::Error)

  "#{error.class}, response.status #{error.response.status}" + (error.code ? ", code #{error.code}" : '')
end

puts({ version: OAuth2::Version.to_s }.to_json)
$stdin.each_line do |line|
  name, *args = line.split
  begin
    result = steps.fetch(name).call(*args)
    answer = { ok: true }.merge(result.is_a?(Hash) ? result : {})
  rescue StandardError => e
    answer = { ok: false, error: describe(e) }
  end
  puts answer.merge(access_token: token.token, refresh_token: token.refresh_token).to_json
end
